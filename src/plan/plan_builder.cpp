#include "plan/plan_builder.h"

#include <sodium.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/quote.h"
#include "plan/cache_maps.h"
#include "plan/roles.h"

namespace permcrypt {
namespace {

void append_number(std::string& out, std::uint64_t number) {
  for (int shift = 0; shift < 64; shift += 8) out.push_back(static_cast<char>(number >> shift));
}

bool stays(const AxisMap& map) { return !map.moves(); }

class PlanBuilder {
 public:
  explicit PlanBuilder(LockedGraph& locked)
      : locked_(locked), facts_(locked.inference.values), axes_(locked.inference.axes) {}

  Result<Plan> build() {
    find_groups();
    if (auto done = add_tensors(); !done) return fail(done.error());
    if (auto done = add_locks(); !done) return fail(done.error());
    if (auto done = add_caches(); !done) return fail(done.error());
    add_surroundings();
    name_roles(plan_, locked_.graph);
    return std::move(plan_);
  }

 private:
  const Model& model() const { return *locked_.graph.model; }

  const Tensor& tensor(ValueId value) const { return model().tensors[locked_.graph.stored(value)]; }
  std::string tensor_name(ValueId value) const { return tensor(value).scope + tensor(value).name; }

  bool is_constant(ValueId value) const {
    return locked_.graph.values[value].is_constant() && facts_[value].known;
  }
  bool can_move(ValueId value) const {
    const auto& sparse = locked_.graph.values[value].sparse;
    return is_constant(value) && (!sparse || sparse->unmovable.empty()) &&
           tensor(value).payload.has_value() && tensor(value).payload->length > 0;
  }

  // Without elements, a tensor has nothing to move, however free its axes are.
  bool is_empty(ValueId value) const {
    return std::ranges::find(tensor(value).shape, 0) != tensor(value).shape.end();
  }

  AxisMap map(ExprId axis) { return map_axis(axes_, axis, group_of_, parents_); }

  // Factors of inputs and outputs that no constant holds are named by the client maps they are in.
  void add_client_uses(std::map<ExprId, std::vector<GroupUse>>& uses) {
    std::map<ExprId, std::vector<GroupUse>> idle;
    for (const LockSite& site : locked_.locks) {
      if (site.carrier == Carrier::kKey || site.kind == LockKind::kIndex) continue;
      const bool leaves = site.carrier == Carrier::kOutput;
      const ExprId axis = site.arranged != kNone
                              ? site.arranged
                              : facts_[leaves ? site.before : site.behind].axes[site.axis].expr;
      const std::string name =
          (leaves ? "output " : "input ") + locked_.graph.values[site.value].name;
      for (const auto& [factor, place] : free_factor_places(axes_, axis)) {
        if (!uses.contains(factor)) {
          idle[factor].push_back({name, site.axis, place.offset, place.stride});
        }
      }
    }
    uses.merge(idle);
  }

  void find_groups() {
    std::map<ExprId, std::vector<GroupUse>> uses;
    for (ValueId value = 0; value < facts_.size(); ++value) {
      if (!can_move(value)) continue;
      for (std::size_t k = 0; k < facts_[value].axes.size(); ++k) {
        for (const auto& [factor, place] : free_factor_places(axes_, facts_[value].axes[k].expr)) {
          uses[factor].push_back({tensor_name(value), k, place.offset, place.stride});
        }
      }
    }
    add_client_uses(uses);
    std::map<GroupId, ExprId> by_id;
    for (auto& [factor, list] : uses) {
      std::sort(list.begin(), list.end());
      by_id.emplace(group_id(list), factor);
    }
    for (const auto& [id, factor] : by_id) {
      group_of_.emplace(factor, static_cast<std::uint32_t>(plan_.groups.size()));
      plan_.groups.push_back({id, static_cast<std::uint64_t>(axes_.size(factor)), ""});
    }
    parents_ = find_fibres(locked_, group_of_);
    for (const auto& [factor, parent] : parents_) {
      plan_.groups[group_of_.at(factor)].fibres = static_cast<std::uint64_t>(axes_.size(parent));
    }
  }

  ElementView view_of(ValueId value) const {
    const Tensor& t = tensor(value);
    ElementView view;
    view.encoding = t.encoding;
    if (const auto it = locked_.inference.views.find(value); it != locked_.inference.views.end()) {
      view.bits = static_cast<std::uint32_t>(it->second.bits);
      view.shape.assign(it->second.shape.begin(), it->second.shape.end());
      view.row_stride = static_cast<std::uint64_t>(it->second.row_stride);
    } else {
      const auto& sparse = locked_.graph.values[value].sparse;
      const auto& shape = sparse ? model().sparse[sparse->number].shape : t.shape;
      view.bits = static_cast<std::uint32_t>(element_bits(t.type));
      view.shape.assign(shape.begin(), shape.end());
      view.row_stride = view.shape.empty() ? 1 : view.shape.back();
    }
    return view;
  }

  Result<std::optional<PlanTensor>> plan_tensor(ValueId value) {
    PlanTensor out;
    out.name = tensor_name(value);
    for (const Axis& axis : facts_[value].axes) out.axes.push_back(map(axis.expr));
    if (const ExprId axis = facts_[value].coordinates; axis != kNone) {
      if (AxisMap values = map(axis); values.moves()) out.values = std::move(values);
    }
    if (!out.values && std::all_of(out.axes.begin(), out.axes.end(), stays)) return std::nullopt;
    if (!can_move(value)) {
      return fail(ErrorKind::kDefect, "an axis of " + in_quotes(out.name) + " was left free, but " +
                                          "its elements cannot move");
    }
    out.payload = *tensor(value).payload;
    out.view = view_of(value);
    for (std::size_t k = 0; k < out.axes.size(); ++k) {
      if (out.axes.size() != out.view.shape.size() || out.axes[k].extent != out.view.shape[k]) {
        return fail(ErrorKind::kDefect,
                    "inference and file disagree on the shape of " + in_quotes(out.name));
      }
    }
    return out;
  }

  // A plan of the whole tensor, as if all of it were stored, is one of its entries.
  Result<void> add_sparse(ValueId value) {
    const auto planned = plan_tensor(value);
    if (!planned) return fail(planned.error());
    if (!*planned) return {};
    const SparseTensor& parts = model().sparse[locked_.graph.values[value].sparse->number];
    const Tensor& indices = model().tensors[parts.indices];
    plan_.sparse.push_back({(*planned)->name, (*planned)->view, (*planned)->axes,
                            static_cast<std::uint64_t>(tensor(value).shape[0]), (*planned)->payload,
                            *indices.payload, indices.encoding, indices.shape.size() == 2});
    return {};
  }

  Result<void> add_tensors() {
    plan_.tensors.reserve(model().tensors.size());
    for (ValueId value = 0; value < facts_.size(); ++value) {
      if (!is_constant(value) || is_empty(value)) continue;
      if (locked_.graph.values[value].sparse) {
        if (auto done = add_sparse(value); !done) return done;
        continue;
      }
      auto planned = plan_tensor(value);
      if (!planned) return fail(planned.error());
      if (*planned) plan_.tensors.push_back(**std::move(planned));
    }
    std::sort(plan_.tensors.begin(), plan_.tensors.end(), [](const auto& x, const auto& y) {
      return std::tie(x.payload.file, x.payload.offset, x.payload.length, x.name) <
             std::tie(y.payload.file, y.payload.offset, y.payload.length, y.name);
    });
    std::ranges::sort(plan_.sparse, {}, [](const PlanSparse& sparse) {
      return std::pair(sparse.values.file, sparse.values.offset);
    });
    return merge_shared_payloads();
  }

  // Two names for one range of bytes are one move.
  Result<void> merge_shared_payloads() {
    std::vector<PlanTensor>& tensors = plan_.tensors;
    std::size_t kept = 0;
    for (PlanTensor& next : tensors) {
      const bool apart = kept == 0 || tensors[kept - 1].payload.file != next.payload.file ||
                         tensors[kept - 1].payload.offset + tensors[kept - 1].payload.length <=
                             next.payload.offset;
      if (apart) {
        if (&tensors[kept] != &next) tensors[kept] = std::move(next);
        ++kept;
        continue;
      }
      const PlanTensor& last = tensors[kept - 1];
      if (last.payload != next.payload || last.view != next.view || last.axes != next.axes ||
          last.values != next.values) {
        return fail(ErrorKind::kDefect, in_quotes(last.name) + " and " + in_quotes(next.name) +
                                            " share bytes that would move in two ways");
      }
    }
    tensors.resize(kept);
    return {};
  }

  Result<void> add_locks() {
    for (const LockSite& site : locked_.locks) {
      PlanLock lock;
      lock.kind = site.kind;
      const GraphValue& value = locked_.graph.values[site.value];
      lock.value = value.returned_as.empty() ? value.name : value.returned_as;
      lock.axis = site.axis;
      lock.carrier = site.carrier;
      lock.joint = site.joint;
      map_sides(site, lock);
      if (lock.upstream.extent != static_cast<std::uint64_t>(site.size) ||
          lock.downstream.extent != lock.upstream.extent) {
        return fail(ErrorKind::kDefect,
                    "the lock on " + in_quotes(lock.value) + " has sides of different extents");
      }
      plan_.locks.push_back(std::move(lock));
    }
    return {};
  }

  // The user's side of a client map, and of ids, is in plain order.
  void map_sides(const LockSite& site, PlanLock& lock) {
    lock.upstream.extent = static_cast<std::uint64_t>(site.size);
    lock.downstream = lock.upstream;
    const bool leaves = site.carrier == Carrier::kOutput;
    AxisMap& inside = leaves ? lock.upstream : lock.downstream;
    if (site.kind == LockKind::kIndex) {
      const ExprId axis = facts_[leaves ? site.before : site.behind].coordinates;
      if (axis != kNone) inside = map(axis);
    } else if (site.arranged != kNone) {
      inside = map(site.arranged);
    } else {
      lock.upstream = map(facts_[site.before].axes[site.axis].expr);
      lock.downstream = map(facts_[site.behind].axes[site.axis].expr);
    }
  }

  Result<void> add_caches() {
    auto caches = plan_caches(locked_, group_of_, parents_);
    if (!caches) return tl::unexpected(caches.error());
    plan_.caches = *std::move(caches);
    return {};
  }

  void add_surroundings() {
    for (std::size_t i = 1; i < model().files.size(); ++i) {
      plan_.data_files.push_back(model().files[i].location);
    }
    const auto& bound = locked_.inference.bound_dims;
    plan_.bound_dims.assign(bound.begin(), bound.end());
    for (const auto& equals : locked_.inference.duplicates) {
      std::vector<std::string>& names = plan_.duplicates.emplace_back();
      for (const ValueId value : equals) names.push_back(tensor_name(value));
    }
  }

  LockedGraph& locked_;
  const std::vector<ValueFacts>& facts_;
  AxisStore& axes_;
  std::map<ExprId, std::uint32_t> group_of_;
  Parents parents_;
  Plan plan_;
};

}  // namespace

GroupId group_id(const std::vector<GroupUse>& uses) {
  std::string text;
  for (const GroupUse& use : uses) {
    append_number(text, use.tensor.size());
    text += use.tensor;
    append_number(text, use.axis);
    append_number(text, use.offset);
    append_number(text, use.stride);
  }
  GroupId id;
  crypto_generichash(id.data(), id.size(), reinterpret_cast<const unsigned char*>(text.data()),
                     text.size(), nullptr, 0);
  return id;
}

Result<Plan> build_plan(LockedGraph& locked) { return PlanBuilder(locked).build(); }

}  // namespace permcrypt
