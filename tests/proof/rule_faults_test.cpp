// Rules that each forget one relation, on both sides: the proof refutes every encryption whose
// results are wrong. Where it does not refute, ONNX Runtime must find nothing either.
#include <set>

#include "infer/wrong_rules.h"
#include "permcrypt/verify.h"
#include "proof/proof_sample.h"
#include "verify/runtime.h"

namespace permcrypt::test {
namespace {

using permcrypt::testing::Dropped;
using permcrypt::testing::without_relation;
using permcrypt::testing::WrongRules;

std::set<std::string> operators_of(const std::filesystem::path& path) {
  const auto model = read_model(path);
  REQUIRE(model.has_value());
  std::set<std::string> out;
  for (const auto& node : model->structure.graph().node()) out.insert(node.op_type());
  return out;
}

// Whether the results are those of the original, as far as inputs were tried.
bool results_are_equal(const ProofSample& sample, const std::filesystem::path& original) {
  VerifyRequest request;
  request.encrypted = sample.encrypted();
  request.original = original;
  request.key.file = sample.folder() / "key";
  const auto verdict = verify(request);
  REQUIRE(verdict.has_value());
  for (const Check& check : verdict->checks) {
    if (check.name == "with the key") return check.outcome != Outcome::kFailed;
  }
  return true;
}

struct Tally {
  int refuted = 0, harmless = 0;
};

void try_rules(const std::string& name, Tally& tally, Carry carry = Carry::kKey) {
  constexpr std::size_t kRelations = 4;
  const auto path = model_to_prove(name);
  LockOptions locks;
  locks.carry = carry;
  const std::string right = read_all(ProofSample(path, locks).encrypted());
  for (const std::string& op : operators_of(path)) {
    for (std::size_t n = 0; n < kRelations; ++n) {
      CAPTURE(name);
      CAPTURE(op);
      CAPTURE(n);
      Dropped dropped;
      const WrongRules rules(op, without_relation(n, &dropped));
      locks.infer.rules = &rules;
      const ProofSample sample(path, locks);
      if (dropped.times == 0) break;
      if (read_all(sample.encrypted()) == right) continue;  // said elsewhere, too
      if (sample.proof().refuted()) {
        ++tally.refuted;
      } else {
        ++tally.harmless;
        if (runtime_available()) CHECK(results_are_equal(sample, path));
      }
    }
  }
}

TEST_CASE("proof: rules that forget a relation") {
  Tally tally;
  for (const std::string name :
       {"vit-mnist", "gpt2-ir3-initializers-as-inputs", "llama-fp16", "dlrm-opset13",
        "lstm-tagger-dynamo", "shufflenet-pixelshuffle-dynamo", "bert-external-zero-length"}) {
    try_rules(name, tally);
  }
  try_rules("vit-mnist", tally, Carry::kData);
  MESSAGE(tally.refuted << " faults refuted, " << tally.harmless << " harmless");
  CHECK(tally.refuted >= 50);
}

}  // namespace
}  // namespace permcrypt::test
