// Where the proof begins and ends: what both models are fed, and what comes out of them.
#include <algorithm>

#include "base/quote.h"
#include "proof/interpreter.h"
#include "proof/joint_order.h"

namespace permcrypt::proof {
namespace {

OrderId order_of(Orders& orders, const Permutation& permutation) {
  return orders.of(permutation.old_of_new());
}

// The axes from map.axis on, each of as many elements as its digits say; else nothing is claimed.
void renumber_jointly(Claim& claim, const ClientMap& map, const Terms& terms) {
  const std::size_t count = map.joint.digits.size();
  claim.related = claim.axes && !claim.joint && map.axis + count == claim.axes->size();
  for (std::size_t k = 0; k < count && claim.related; ++k) {
    std::int64_t extent = 1;
    for (const std::uint64_t digit : map.joint.digits[k]) {
      extent *= static_cast<std::int64_t>(digit);
    }
    const Axis& axis = (*claim.axes)[map.axis + k];
    claim.related = axis.order == kPlain && terms.is(axis.extent, extent);
  }
  if (!claim.related) return;
  claim.joint = std::make_shared<Index>(joint_order(map.joint, map.index));
  claim.joint_from = map.axis;
}

// Whether the map puts in order what comes out in the order of all axes from map.axis on.
bool is_undone(const Claim& claim, const ClientMap& map, Orders& orders, Terms& terms) {
  if (!claim.axes || claim.packed_bits != 0 || map.axis >= claim.axes->size()) return false;
  Index order;
  if (claim.joint) {
    if (claim.joint_from != map.axis) throw NotUnderstood{"other axes are renumbered at once"};
    order = *claim.joint;
  } else {
    const auto own = std::span(*claim.axes).subspan(map.axis);
    TermId count = terms.constant(1);
    for (const Axis& axis : own) count = terms.multiply(count, axis.extent);
    order = orders.index(orders.regroup(own, std::span(&count, 1))[0]);
  }
  const Index gathered = joint_order(map.joint, map.index);
  for (std::size_t i = 0; i < gathered.size(); ++i) {
    if (gathered.size() != order.size() || order[gathered[i]] != i) return false;
  }
  return true;
}

}  // namespace

const PlanCache* Interpreter::cache_of(const std::string& name, bool past) const {
  const auto& caches = request_.plan.caches;
  const auto found = std::ranges::find(caches, name, past ? &PlanCache::past : &PlanCache::present);
  return found == caches.end() ? nullptr : &*found;
}

// With fibres, the order at each position of the axis that leads.
OrderId Interpreter::cache_order(const PlanCache& cache, std::size_t k) const {
  const AxisMap& map = cache.axes[k];
  if (cache.leading_of(k) == kNone) return planned_order(map, request_.groups, store_.orders);
  const Permutation both = axis_permutation(map, request_.groups);
  const auto parts =
      come_apart_in_fibres(both.old_of_new(), static_cast<std::size_t>(map.parts.at(1).extent));
  if (!parts) throw NotUnderstood{"the order of a cache"};
  std::vector<OrderId> fibres;
  for (const Index& fibre : parts->second) fibres.push_back(store_.orders.of(fibre));
  return store_.orders.fibred(std::move(fibres));
}

// The user renumbers his data: its places by new[j] = old[index[j]], ids by new = index[old].
void Interpreter::renumber_input(Claim& claim, const std::string& name) const {
  for (const ClientMap& map : client_maps_) {
    if (map.carrier != Carrier::kInput || map.value != name) continue;
    if (!map.joint.empty()) {
      renumber_jointly(claim, map, store_.terms);
    } else if (map.index.size() != 1) {
      claim.related = false;
    } else if (map.ids) {
      claim.code = order_of(store_.orders, map.index[0]);
    } else if (claim.axes && map.axis < claim.axes->size()) {
      Axis& axis = (*claim.axes)[map.axis];
      axis = store_.orders.gather(axis, map.index[0].old_of_new());
    }
  }
}

// Both models are given the same; a cache in the order that the encrypted model keeps it in.
Claim Interpreter::input_claim(ValueId id) const {
  const GraphValue& value = original_.values[id];
  Claim claim;
  claim.original = counterparts_.standing_for(id);
  claim.type = value.elem_type;
  if (!value.declared) return claim;
  claim.axes.emplace();
  const auto& bound = request_.plan.bound_dims;
  Terms& terms = store_.terms;
  for (const auto& dim : *value.declared) {
    const auto given =
        std::ranges::find(bound, dim.name, &std::pair<std::string, std::int64_t>::first);
    claim.axes->push_back({dim.size >= 0          ? terms.constant(dim.size)
                           : dim.name.empty()     ? terms.unknown_extent()
                           : given != bound.end() ? terms.constant(given->second)
                                                  : terms.dimension(dim.name)});
  }
  if (const PlanCache* cache = cache_of(value.name, true)) {
    if (cache->axes.size() == claim.axes->size()) {
      for (std::size_t k = 0; k < cache->axes.size(); ++k) {
        (*claim.axes)[k].order = cache_order(*cache, k);
        if (cache->leading_of(k) != kNone) claim.axes->at(cache->leading_of(k)).leads = true;
      }
    }
  }
  renumber_input(claim, value.name);
  return claim;
}

// The same; nothing is claimed of data that cannot be renumbered so.
Claim Interpreter::renumbered_input(ValueId id) {
  const std::string what = "the input " + in_quotes(original_.values[id].name);
  try {
    Claim claim = input_claim(id);
    if (!claim.related) ++proof_.not_understood[what + ": several axes are renumbered at once"];
    return claim;
  } catch (const NotUnderstood& n) {
    ++proof_.not_understood[what + ": " + n.why];
  } catch (const Contradiction& c) {
    contradict(nullptr, what + ": " + c.what);
  }
  return Claim::nothing();
}

void Interpreter::claim_inputs() {
  std::size_t fed = 0;
  for (ValueId v = 0; v < encrypted_.values.size(); ++v) {
    const GraphValue& value = encrypted_.values[v];
    const bool of_main =
        std::ranges::find(encrypted_.bodies[0].inputs, v) != encrypted_.bodies[0].inputs.end();
    if (!request_.key_input.empty() && value.name == request_.key_input && value.scope.empty()) {
      Claim key;
      key.key = std::make_shared<Index>(request_.key.begin(), request_.key.end());
      claims_[v] = std::move(key);
    } else if (of_main) {
      const auto found = inputs_.find(value.name);
      if (found == inputs_.end()) {
        contradict(nullptr, "the input " + in_quotes(value.name) + " is new");
        claims_[v] = Claim::nothing();
      } else {
        ++fed;
        claims_[v] = renumbered_input(found->second);
        if (original_.values[found->second].elem_type != value.elem_type) {
          contradict(nullptr, "the input " + in_quotes(value.name) + " has another type");
        }
      }
    }
  }
  if (fed != inputs_.size()) contradict(nullptr, "an input of the original is missing");
}

bool Interpreter::comes_out_right(const Claim& claim, const std::string& name) const {
  OrderId code = kPlain;
  std::size_t joint_from = SIZE_MAX;  // the axes from here on are right
  std::vector<OrderId> orders(claim.axes ? claim.axes->size() : 0, kPlain);
  if (const PlanCache* cache = cache_of(name, false)) {
    for (std::size_t k = 0; k < cache->axes.size() && k < orders.size(); ++k) {
      orders[k] = cache_order(*cache, k);
      const std::uint32_t leading = cache->leading_of(k);
      if (leading != kNone && store_.orders.is_fibred(orders[k]) &&
          !claim.axes->at(leading).leads) {
        return false;
      }
    }
  }
  for (const ClientMap& map : client_maps_) {
    if (map.carrier != Carrier::kOutput || map.value != name) continue;
    if (!map.joint.empty()) {
      joint_from = map.axis;
      if (!is_undone(claim, map, store_.orders, store_.terms)) return false;
      continue;
    }
    if (map.index.size() != 1) throw NotUnderstood{"several axes are renumbered at once"};
    const OrderId undone = store_.orders.inverse(order_of(store_.orders, map.index[0]));
    if (map.ids) {
      code = undone;
    } else if (map.axis < orders.size()) {
      orders[map.axis] = undone;
    }
  }
  bool right = claim.code == code && !claim.key;
  if (claim.joint && joint_from > claim.joint_from) {
    throw NotUnderstood{"several axes are renumbered at once"};
  }
  for (std::size_t k = 0; k < std::min(orders.size(), joint_from); ++k) {
    right = right && store_.orders.holds((*claim.axes)[k], orders[k]);
  }
  return right;
}

void Interpreter::check_outputs() {
  const auto &before = original_.bodies[0].outputs, &after = encrypted_.bodies[0].outputs;
  const auto& declared = original_.model->structure.graph().output();
  const auto& declared_now = encrypted_.model->structure.graph().output();
  proof_.outputs = before.size();
  if (before.size() != after.size()) return contradict(nullptr, "the numbers of outputs differ");
  for (std::size_t k = 0; k < before.size(); ++k) {
    const std::string& name = declared[static_cast<int>(k)].name();
    const std::string what = "the output " + in_quotes(name) + " ";
    if (declared_now[static_cast<int>(k)].name() != name) contradict(nullptr, what + "is missing");
    const Claim& claim = claim_of(after[k]);
    try {
      if (!claim.related) {
        proof_.open_outputs.push_back(name);
      } else if (claim.original != counterparts_.standing_for(before[k])) {
        contradict(nullptr, what + "is another value");
      } else if (!comes_out_right(claim, name)) {
        contradict(nullptr, what + "comes out in another order");
      }
    } catch (const NotUnderstood& n) {
      ++proof_.not_understood[what + n.why];
      proof_.open_outputs.push_back(name);
    } catch (const Contradiction& c) {
      contradict(nullptr, what + c.what);
    }
  }
}

}  // namespace permcrypt::proof
