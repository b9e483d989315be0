// Every relation that a rule states is there for a reason: dropped, one at a time, it changes the
// index structure of a case of its operator, or the groups and locks of a whole model.
//
// tests/nightly/mutation.sh goes on where this ends: it takes statements out of the source.
#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>
#include <utility>

#include "golden/outline.h"
#include "golden/sample_model.h"
#include "infer/analysed.h"
#include "infer/op_case.h"
#include "infer/wrong_rules.h"

using namespace permcrypt;
using namespace permcrypt::testing;

namespace {

constexpr auto kSingle = "of a single element, which as an index is a cut";
constexpr auto kTwice = "follows, in the operator's cases, from what else the rule says";

// Relations that nothing misses, and why: operator and what is stated ("unify", or a pin's reason).
const std::map<std::pair<std::string, std::string>, std::string> kHarmless = {
    {{"Attention", "positions in a cache"}, kTwice},
    {{"ConvTranspose", "kernel axis"}, kTwice},
    {{"ConvTranspose", "spatial axis"}, kTwice},
    {{"DecoderAttention", "attention mask"}, kTwice},
    {{"DecoderMaskedMultiHeadAttention", "positions in a cache"}, kTwice},
    {{"ExpandDims", "used as a shape or index"}, kSingle},
    {{"Loop", "condition of a Loop"}, kSingle},
    {{"Loop", "used as a shape or index"}, kSingle},
    {{"MultiHeadAttention", "positions in a cache"}, kTwice},
    {{"OneHot", "used as a shape or index"}, kSingle},
    {{"PackedAttention", "tokens of packed sequences"}, kTwice},
    {{"PagedAttention", "tokens of packed sequences"}, kTwice},
    {{"PagedAttention", "unify"}, kTwice},
    {{"QAttention", "attention mask"}, kTwice},
    {{"QAttention", "positions in a cache"}, kTwice},
    {{"QEmbedLayerNormalization", "positions in order"}, kTwice},
    {{"Resize", "one number for each axis"}, kTwice},
    {{"Slice", "used as a shape or index"}, kSingle},
    {{"Squeeze", "used as a shape or index"}, kSingle},
};

// The n-th relation of an operator's rule, wherever it is applied.
struct Site {
  bool news = false;  // in some case, it was not implied by what had been said before
  bool seen = false;  // something is different without it
  std::string what, line;
};
using Sites = std::map<std::pair<std::string, std::size_t>, Site>;

void try_case(const OpCase& op, Sites& sites) {
  const std::string name = Analysed(parse_one_node(op.line, op.opset)).node().op;
  for (std::size_t n = 0;; ++n) {
    Dropped dropped;
    const WrongRules rules(name, without_relation(n, &dropped));
    Analysed mutant(parse_one_node(op.line, op.opset), &rules);
    if (dropped.times == 0) return;
    Site& site = sites[{name, n}];
    site.seen = site.seen || mutant.structure() != op.structure;
    if (!dropped.news) continue;
    site.news = true;
    site.what = dropped.what;
    site.line = op.line;
  }
}

void try_sample(const SampleModel& sample, Sites& sites) {
  const auto model = load(sample);
  std::set<std::string> ops;
  for (const auto& node : model.graph().node()) ops.insert(node.op_type());
  const std::string expected = outline(model, {}).text();
  for (auto& [place, site] : sites) {
    const auto& [op, n] = place;
    if (site.seen || !ops.contains(op)) continue;
    const WrongRules rules(op, without_relation(n));
    LockOptions options;
    options.infer.rules = &rules;
    site.seen = outline(model, options).text() != expected;
  }
}

}  // namespace

TEST_CASE("mutation: a rule without one of its relations is noticed") {
  Sites sites;
  for (const OpCase& op : all_cases()) try_case(op, sites);
  for (const SampleModel& sample : sample_models()) try_sample(sample, sites);
  int news = 0;
  for (const auto& [place, site] : sites) {
    news += site.news;
    if (!site.news || site.seen || kHarmless.contains({place.first, site.what})) continue;
    FAIL_CHECK("relation " << place.second << " of " << place.first << ", '" << site.what
                           << "', is missed by nothing, as in " << site.line);
  }
  CHECK(news > 600);
}
