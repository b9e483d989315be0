#include "plan/roles.h"

#include <set>
#include <string>
#include <vector>

namespace permcrypt {
namespace {

// Matrices that a stream of features goes through: two for each block at least.
constexpr int kResidualMatrices = 4;

struct Signs {
  int matrices = 0;    // tensors with two axes that move
  int kernels = 0;     // tensors of rank 3 and more in which it is a whole axis
  bool major = false;  // of a product with another group
  bool minor = false;
  bool ids_given = false;      // behind an index lock on a graph input
  bool ids_made = false;       // behind one on ids that the graph computes; constant tables too
  bool enters = false;         // downstream of an input lock
  bool leaves = false;         // upstream of an output lock
  bool read_in_order = false;  // upstream of a lock on a table
};

using AllSigns = std::vector<Signs>;

void collect_groups(const AxisMap& map, std::set<std::uint32_t>& out) {
  if (map.kind == AxisMap::Kind::kGroup) out.insert(map.group);
  for (const AxisMap& part : map.parts) collect_groups(part, out);
}

std::set<std::uint32_t> groups_of(const AxisMap& map) {
  std::set<std::uint32_t> out;
  collect_groups(map, out);
  return out;
}

void mark_products(const AxisMap& map, AllSigns& signs) {
  for (const AxisMap& part : map.parts) mark_products(part, signs);
  if (map.kind != AxisMap::Kind::kProduct && map.kind != AxisMap::Kind::kFibred) return;
  std::vector<std::uint32_t> moving;
  for (const AxisMap& part : map.parts) {
    for (const std::uint32_t g : groups_of(part)) moving.push_back(g);
  }
  if (moving.size() < 2) return;
  signs[moving.front()].major = true;
  for (std::size_t i = 1; i < moving.size(); ++i) signs[moving[i]].minor = true;
}

void read_axes(const std::vector<AxisMap>& axes, AllSigns& signs) {
  int moving = 0;
  for (const AxisMap& axis : axes) moving += axis.moves();
  for (const AxisMap& axis : axes) {
    mark_products(axis, signs);
    for (const std::uint32_t g : groups_of(axis)) {
      if (moving > 1) ++signs[g].matrices;
      if (axes.size() > 2) ++signs[g].kernels;
    }
  }
}

void read_tensor(const PlanTensor& tensor, AllSigns& signs) {
  read_axes(tensor.axes, signs);
  if (tensor.values) {
    for (const std::uint32_t g : groups_of(*tensor.values)) signs[g].ids_made = true;
  }
}

// `tables`: tensors on which a lock can stand, which are read at positions.
void read_lock(const PlanLock& lock, const std::set<std::string>& inputs,
               const std::set<std::string>& tables, AllSigns& signs) {
  for (const std::uint32_t g : groups_of(lock.downstream)) {
    if (lock.kind == LockKind::kInput) signs[g].enters = true;
    if (lock.kind != LockKind::kIndex) continue;
    (inputs.contains(lock.value) ? signs[g].ids_given : signs[g].ids_made) = true;
  }
  for (const std::uint32_t g : groups_of(lock.upstream)) {
    if (lock.kind == LockKind::kOutput) signs[g].leaves = true;
    if (lock.kind == LockKind::kBoundary && tables.contains(lock.value))
      signs[g].read_in_order = true;
  }
}

const char* role_of(const Signs& s) {
  if (s.ids_given) return "vocabulary";
  if (s.ids_made || s.read_in_order) return "positions";
  if (s.major) return "heads";
  if (s.minor) return "head_dim";
  if (s.kernels > 0) return "channels";
  if (s.matrices >= kResidualMatrices) return "residual";
  if (s.leaves) return "classes";
  if (s.enters) return "features";
  if (s.matrices >= 2) return "mlp";
  return "hidden";
}

}  // namespace

void name_roles(Plan& plan, const Graph& graph) {
  std::set<std::string> inputs;
  for (const ValueId input : graph.bodies[0].inputs) inputs.insert(graph.values[input].name.str());
  AllSigns signs(plan.groups.size());
  for (const PlanTensor& tensor : plan.tensors) read_tensor(tensor, signs);
  for (const PlanSparse& sparse : plan.sparse) read_axes(sparse.axes, signs);
  std::set<std::string> tables;
  for (const PlanTensor& tensor : plan.tensors) tables.insert(tensor.name);
  for (const PlanLock& lock : plan.locks) read_lock(lock, inputs, tables, signs);
  for (std::size_t g = 0; g < plan.groups.size(); ++g) plan.groups[g].role = role_of(signs[g]);
}

}  // namespace permcrypt
