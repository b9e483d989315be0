#include "permcrypt/analysis.h"

#include <functional>
#include <utility>

#include "infer/duplicates.h"
#include "permcrypt/apply.h"
#include "plan/plan_builder.h"

namespace permcrypt {
namespace {

using Place = std::function<Result<LockedGraph>(const Graph&, const InferOptions&)>;

// Index tables that the plan would rewrite, but whose encoding cannot hold other indices.
Result<std::set<ValueId>> rigid_tables(const Analysis& analysis) {
  const Graph& graph = analysis.locked.graph;
  std::map<std::string, const PlanTensor*> rewritten;
  for (const PlanTensor& tensor : analysis.plan.tensors) {
    if (tensor.values) rewritten[tensor.name] = &tensor;
  }
  std::set<ValueId> rigid;
  for (ValueId value = 0; value < graph.values.size() && !rewritten.empty(); ++value) {
    if (graph.values[value].tensor == kNone) continue;
    const Tensor& tensor = analysis.model->tensors[graph.values[value].tensor];
    const auto it = rewritten.find(tensor.scope + tensor.name);
    if (it == rewritten.end()) continue;
    const auto bytes = analysis.payloads->bytes(it->second->payload);
    if (!bytes) return fail(bytes.error());
    if (!check_rewritable(it->first, it->second->view, *bytes, it->second->values->extent)) {
      rigid.insert(value);
    }
  }
  return rigid;
}

Result<Analysis> analyse_with(Model model, InferOptions options, const Place& place) {
  Analysis out;
  out.model = std::make_unique<const Model>(std::move(model));
  out.payloads = std::make_unique<PayloadReader>(*out.model);
  auto graph = build_graph(*out.model, *out.payloads);
  if (!graph) return fail(graph.error());
  const auto copies = find_duplicates(*graph);  // whatever locks there are, they are the same
  if (!copies) return fail(copies.error());
  options.duplicates = &*copies;
  // Each round makes more tables rigid, so there are at most as many as there are constants.
  for (;;) {
    auto locked = place(*graph, options);
    if (!locked) return fail(locked.error());
    out.locked = *std::move(locked);
    auto plan = build_plan(out.locked);
    if (!plan) return fail(plan.error());
    out.plan = *std::move(plan);
    const auto rigid = rigid_tables(out);
    if (!rigid) return fail(rigid.error());
    if (rigid->empty()) return out;
    options.rigid_tables.insert(rigid->begin(), rigid->end());
  }
}

}  // namespace

Result<Analysis> analyse(Model model, const LockOptions& options) {
  return analyse_with(std::move(model), options.infer,
                      [&](const Graph& graph, const InferOptions& infer) {
                        LockOptions with = options;
                        with.infer = infer;
                        return place_locks(graph, with);
                      });
}

Result<Analysis> analyse_without_locks(Model model, const InferOptions& options) {
  return analyse_with(std::move(model), options,
                      [](const Graph& graph, const InferOptions& infer) -> Result<LockedGraph> {
                        auto inference = permcrypt::infer(graph, infer);
                        if (!inference) return fail(inference.error());
                        return LockedGraph{graph, *std::move(inference), {}, {}, {}};
                      });
}

}  // namespace permcrypt
