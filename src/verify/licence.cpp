#include "verify/licence.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string>
#include <utility>

#include "base/quote.h"
#include "permcrypt/analysis.h"
#include "verify/token_file.h"
#include "write/encrypted_model.h"

namespace permcrypt {
namespace {

constexpr std::size_t kMostLocks = 1 << 16;

tl::unexpected<Error> no_locks() {
  return fail(ErrorKind::kInput, "the model's locks cannot be found in its graph",
              "it was changed after it was encrypted; use an intact copy");
}

const onnx::NodeProto* split_of(const onnx::GraphProto& graph, const std::string& key_input) {
  for (const auto& node : graph.node()) {
    if (node.op_type() == "Split" && node.input_size() > 0 && node.input(0) == key_input) {
      return &node;
    }
  }
  return nullptr;
}

// From an initializer (opset 13 and later), or an attribute.
std::vector<std::int64_t> sizes_of(const Model& model, const onnx::NodeProto& split) {
  for (const auto& attribute : split.attribute()) {
    if (attribute.name() == "split") return {attribute.ints().begin(), attribute.ints().end()};
  }
  if (split.input_size() < 2) return {};
  for (const auto& initializer : model.structure.graph().initializer()) {
    if (initializer.name() != split.input(1)) continue;
    return PayloadReader(model)
        .integers(tensor_id(initializer), kMostLocks)
        .value_or(std::vector<std::int64_t>());
  }
  return {};
}

// An index lock looks ids up in its part of the key; all others look values up with it.
void describe(const onnx::GraphProto& graph, const std::string& part, PlanLock& lock) {
  for (const auto& node : graph.node()) {
    if (node.op_type() != "Gather" || node.input_size() < 2) continue;
    if (node.input(0) == part) {
      lock.kind = LockKind::kIndex;
      lock.value = node.input(1);
    } else if (node.input(1) == part) {
      lock.value = node.input(0);
    }
  }
}

}  // namespace

Result<std::vector<PlanLock>> locks_in_graph(const Model& model, const std::string& key_input) {
  const auto& graph = model.structure.graph();
  const onnx::NodeProto* split = split_of(graph, key_input);
  if (split == nullptr) return no_locks();
  const std::vector<std::int64_t> sizes = sizes_of(model, *split);
  if (sizes.empty() || sizes.size() != static_cast<std::size_t>(split->output_size())) {
    return no_locks();
  }
  std::vector<PlanLock> locks;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] < 1 || sizes[i] > INT32_MAX) return no_locks();
    PlanLock lock;
    lock.upstream.extent = lock.downstream.extent = static_cast<std::uint64_t>(sizes[i]);
    describe(graph, split->output(static_cast<int>(i)), lock);
    locks.push_back(std::move(lock));
  }
  return locks;
}

Result<Licence> open_licence(const std::filesystem::path& path,
                             const std::filesystem::path& token_path) {
  auto encrypted = read_encrypted(path);
  if (!encrypted) return fail(encrypted.error());
  std::error_code ignored;
  if (encrypted->key_input.empty() ||
      std::filesystem::exists(client_graph_paths(token_path).in, ignored)) {
    return fail(ErrorKind::kState,
                "the data carries the key of " + in_quotes(path.native()) + ", or a part of it",
                "verify it with the key itself");
  }
  const auto token = read_token(token_path);
  if (!token) return fail(token.error());
  auto locks = locks_in_graph(encrypted->model, encrypted->key_input);
  if (!locks) return fail(locks.error());
  Licence out;
  out.path = encrypted->model.files[0].path;
  out.token.resize(token->bytes.size() / sizeof(std::int32_t));
  std::memcpy(out.token.data(), token->bytes.data(), out.token.size() * sizeof(std::int32_t));
  std::uint64_t total = 0;
  for (const PlanLock& lock : *locks) {
    total += lock.downstream.extent;
    out.plan.groups.push_back({{}, lock.downstream.extent, ""});
  }
  if (total != out.token.size()) {
    return fail(ErrorKind::kInput,
                "the token does not fit the model: it has " + std::to_string(out.token.size()) +
                    " entries, not " + std::to_string(total),
                "ask the owner of the key for the token of this file");
  }
  out.plan.locks = *std::move(locks);
  out.structure = std::move(encrypted->model.structure);
  return out;
}

Result<std::vector<PlanCache>> caches_in_graph(const std::filesystem::path& original) {
  auto model = read_model(original);
  if (!model) return fail(model.error());
  const auto analysis = analyse(*std::move(model), {});
  if (!analysis) return fail(analysis.error());
  const LockedGraph& locked = analysis->locked;
  const auto& outputs = locked.graph.bodies[0].outputs;
  std::vector<PlanCache> out;
  for (const CachePair& pair : locked.inference.caches) {
    const auto k = std::ranges::find(outputs, pair.present) - outputs.begin();
    if (k == std::ssize(outputs)) continue;
    out.push_back({locked.graph.values[pair.past].name,
                   analysis->model->structure.graph().output(static_cast<int>(k)).name(),
                   {}});
  }
  return out;
}

}  // namespace permcrypt
