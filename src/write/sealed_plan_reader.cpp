#include "base/hex.h"
#include "write/plan_reader.h"
#include "write/sealed_plan.h"
#include "write/untrusted_json.h"

namespace permcrypt {
namespace {

using namespace untrusted;

SealedPlan read_sealed(const Json& json) {
  SealedPlan sealed;
  for (const Json& size : list(member(json, "sizes")))
    sealed.original_sizes.push_back(number(size));
  sealed.original = bytes32(member(json, "original"));
  for (const Json& entry : list(member(json, "options"))) {
    tuple(entry, 2);
    sealed.options.emplace_back(bytes(entry[0]), bytes(entry[1]));
  }
  if (json.contains("content")) {
    const Digest content = bytes32(json["content"]);
    sealed.salt_content.assign(content.begin(), content.end());
  }
  if (json.contains("graph")) {
    sealed.graph = need(hex_decode(bytes(json["graph"])));
    require(sealed.graph.size() % 4 == 0 && !sealed.salt_content.empty());
  }
  sealed.plan = read_plan(json, sealed.original_sizes);
  if (json.contains("checkpoint")) {
    for (const Json& entry : list(json["checkpoint"])) {
      tuple(entry, 3);
      const auto tensor = static_cast<std::uint32_t>(index(entry[1], sealed.plan.tensors.size()));
      const auto layout = static_cast<CheckpointLayout>(index(entry[2], 3));
      const std::size_t rank = sealed.plan.tensors[tensor].axes.size();
      require(layout == CheckpointLayout::kSame || rank == 2 ||
              (layout == CheckpointLayout::kRows && rank > 0));
      sealed.checkpoint.push_back({bytes(entry[0]), tensor, layout});
    }
  }
  return sealed;
}

}  // namespace

Result<SealedPlan> parse_sealed_plan(std::string_view text) {
  const auto damaged = fail(ErrorKind::kResult, "the manifest is damaged: its plan makes no sense");
  if (nests_too_deeply(text)) return damaged;
  try {
    const Json json = Json::parse(text, nullptr, false);
    return read_sealed(json);
  } catch (const Malformed&) {
    return damaged;
  } catch (const Json::exception&) {
    return damaged;
  }
}

}  // namespace permcrypt
