// Two exporters write one model in different operators, with other names and other tensors. What
// may move is a property of the model: the same factors, on as many bytes of weights.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "permcrypt/report.h"

using namespace permcrypt;

namespace {

namespace fs = std::filesystem;

// How often there is a group of this size on so many bytes of weights.
using Profile = std::map<std::pair<std::uint64_t, std::uint64_t>, int>;

Profile profile(const fs::path& model) {
  auto read = read_model(model);
  REQUIRE_MESSAGE(read.has_value(), read.error().message);
  auto analysis = analyse(*std::move(read), {});
  REQUIRE_MESSAGE(analysis.has_value(), analysis.error().message);
  const Report report = report_analysis(*analysis);
  std::map<std::string, std::uint64_t> bytes;
  for (const TensorReport& tensor : report.tensors) {
    bytes[tensor.name] = tensor.counts ? tensor.bytes : 0;
  }
  Profile out;
  for (const GroupReport& group : report.groups) {
    if (!group.free) continue;
    std::set<std::string> tensors;
    for (const auto& use : group.uses) tensors.insert(use.tensor);
    std::uint64_t sum = 0;
    for (const std::string& name : tensors) sum += bytes[name];
    ++out[{group.size, sum}];
  }
  return out;
}

// "-1 of 40 on 1280": what the first has more often, then the second.
std::string difference(const Profile& first, const Profile& second) {
  Profile change = second;
  for (const auto& [group, count] : first) change[group] -= count;
  std::string out;
  for (const auto& [group, count] : change) {
    if (count == 0) continue;
    out += fmt::format("{}{:+} of {} on {}", out.empty() ? "" : ", ", count, group.first,
                       group.second);
  }
  return out;
}

struct Pair {
  const char *dynamo, *torchscript;
};

void check_pairs(const fs::path& folder, std::initializer_list<Pair> pairs) {
  for (const Pair& pair : pairs) {
    CAPTURE(std::string(pair.dynamo));
    CAPTURE(std::string(pair.torchscript));
    const Profile first = profile(folder / pair.dynamo);
    CHECK(first.size() > 1);
    CHECK(difference(first, profile(folder / pair.torchscript)) == "");
  }
}

}  // namespace

TEST_CASE("exporters: the same factors of trained models" *
          doctest::skip(std::getenv("PERMCRYPT_REAL") == nullptr)) {
  check_pairs(std::getenv("PERMCRYPT_REAL"),
              {{"vit-mnist", "vit-mnist-torchscript"}, {"gpt-char", "gpt-char-torchscript"}});
}

TEST_CASE("exporters: the same factors in the zoo" *
          doctest::skip(std::getenv("PERMCRYPT_ZOO") == nullptr)) {
  check_pairs(std::getenv("PERMCRYPT_ZOO"),
              {{"bert-seqcls-dynamo", "bert-seqcls-optimum-opset13"},
               {"bloom-alibi-tied-dynamo", "bloom-optimum-opset14-past"},
               {"gpt-bigcode-mqa-dynamo", "gpt-bigcode-optimum-opset14-past"},
               {"gpt-neo-dynamo", "gpt-neo-optimum-opset14-past"},
               {"gpt2-nomask-opset23-dynamo", "gpt2-optimum-opset11"},
               {"gpt2-tied-dynamo", "gpt2-optimum-opset18-past-eager"},
               {"mistral-swa-dynamo", "mistral-optimum-opset14-past"},
               {"mpt-alibi-tied-dynamo", "mpt-optimum-opset14-past"},
               {"phi-partial-rope-dynamo", "phi-optimum-opset14-past"},
               {"codegen-dynamo", "codegen-optimum-opset14-past"},
               {"gptj-dynamo", "gptj-optimum-opset14-past"}});
}
