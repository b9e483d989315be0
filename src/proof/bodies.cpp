// If, Loop and Scan: the body is interpreted like the graph around it, with equal claims where
// values enter and leave. Any other operator with bodies makes equal results of equal operands if
// its bodies do.
#include <algorithm>

#include "proof/interpreter.h"

namespace permcrypt::proof {
namespace {

bool same_orders(const Claim& x, const Claim& y) {
  if (!x.related || !y.related || x.code != y.code) return false;
  if (x.same() && y.same()) return true;
  return x.axes && y.axes && std::ranges::equal(*x.axes, *y.axes, [](const Axis& a, const Axis& b) {
           return a.order == b.order && a.leads == b.leads;
         });
}

// What holds of an axis in two branches: no more than holds in each.
void weaken(Axis& axis, const Axis& other, Terms& terms) {
  if (axis.repeats != other.repeats) axis.repeats = kDistinct;
  if (axis.extent == other.extent) return;
  if (axis.order != kPlain) throw NotUnderstood{"branches return renumbered axes of two lengths"};
  axis = {terms.unknown_extent()};
}

// What is carried from one iteration to the next, or stacked, depends on no other axis.
const std::vector<Claim>& unfibred(const Orders& orders, const std::vector<Claim>& claims) {
  for (const Claim& claim : claims) {
    if (claim.axes) unfibred(orders, *claim.axes);
  }
  return claims;
}

// Without elements, everything can be said of them.
bool is_empty(const Terms& terms, const Claim& claim) {
  return claim.related && claim.axes && std::ranges::any_of(*claim.axes, [&](const Axis& axis) {
           return terms.is(axis.extent, 0);
         });
}

std::int64_t attribute_of(const GraphNode& node, std::string_view name, std::int64_t otherwise) {
  for (const auto& a : node.proto->attribute()) {
    if (a.name() == name) return a.i();
  }
  return otherwise;
}

std::int64_t listed_axis(const GraphNode& node, std::string_view name, std::size_t k) {
  for (const auto& a : node.proto->attribute()) {
    if (a.name() == name && k < static_cast<std::size_t>(a.ints_size())) {
      return a.ints(static_cast<int>(k));
    }
  }
  return 0;
}

// What the first and all later iterations can rely on.
Claim entering(Claim claim) {
  claim.ints = nullptr;
  claim.ramp = nullptr;
  return claim;
}

}  // namespace

std::vector<Claim> Interpreter::run_body(const GraphNode::Sub& encrypted,
                                         const GraphNode& counterpart,
                                         const std::vector<Claim>& inputs) {
  const auto found =
      std::ranges::find(counterpart.subs, encrypted.attribute, &GraphNode::Sub::attribute);
  if (found == counterpart.subs.end()) throw Contradiction{"a body is new"};
  const GraphBody &body = encrypted_.bodies[encrypted.body], &other = original_.bodies[found->body];
  if (body.inputs.size() != other.inputs.size() || body.outputs.size() != other.outputs.size() ||
      body.inputs.size() != inputs.size()) {
    throw Contradiction{"a body of another signature"};
  }
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (inputs[k].joint) throw NotUnderstood{"several axes are renumbered at once"};
    set(body.inputs[k], inputs[k], other.inputs[k]);
  }
  walk(encrypted.body, found->body);
  std::vector<Claim> out;
  for (std::size_t k = 0; k < body.outputs.size(); ++k) {
    out.push_back(claim_of(body.outputs[k]));
    if (out.back().joint) throw NotUnderstood{"several axes are renumbered at once"};
    if (out.back().related && out.back().original != counterparts_.standing_for(other.outputs[k])) {
      throw Contradiction{"a body returns another value"};
    }
  }
  return out;
}

std::vector<Claim> Interpreter::enter(const GraphNode& node, const GraphNode& counterpart,
                                      const std::vector<const Claim*>& operands) {
  std::vector<Claim> results(node.outputs.size(), Claim::nothing());
  try {
    if (node.subs.size() != counterpart.subs.size()) throw Contradiction{"a body is new"};
    if (node.domain.empty() && node.op == "If") return branch(node, counterpart, operands);
    if (node.domain.empty() && node.op == "Loop") return loop(node, counterpart, operands);
    if (node.domain.empty() && node.op == "Scan") return scan(node, counterpart, operands);
    bool same = std::ranges::all_of(operands, [](const Claim* c) { return !c || c->same(); });
    for (const auto& sub : node.subs) {
      const std::vector<Claim> plain(encrypted_.bodies[sub.body].inputs.size(), Claim{});
      const auto out = run_body(sub, counterpart, plain);
      same = same && std::ranges::all_of(out, [](const Claim& c) { return c.same(); });
    }
    if (!same) throw NotUnderstood{"no definition"};
    return std::vector<Claim>(node.outputs.size(), Claim{});
  } catch (const NotUnderstood& n) {
    give_up(node, n.why);
  } catch (const Contradiction& c) {
    contradict(&node, c.what);
  }
  return results;
}

std::vector<Claim> Interpreter::branch(const GraphNode& node, const GraphNode& counterpart,
                                       const std::vector<const Claim*>& operands) {
  if (!operands.at(0) || !operands[0]->same())
    throw NotUnderstood{"the condition is not known equal"};
  const auto& ints = operands[0]->ints;
  const auto condition =
      ints && ints->size() == 1 ? store_.terms.value(ints->front()) : std::nullopt;
  std::vector<std::vector<Claim>> arms;
  for (const auto& sub : node.subs) {
    const bool taken = !condition || (*condition != 0) == (sub.attribute == "then_branch");
    if (taken) arms.push_back(run_body(sub, counterpart, {}));
  }
  std::vector<Claim> out;
  for (std::size_t k = 0; k < node.outputs.size(); ++k) {
    Claim result = arms.at(0).at(k);
    for (const auto& arm : arms) {
      const Claim& other = arm.at(k);
      if (is_empty(store_.terms, other)) continue;
      if (is_empty(store_.terms, result)) result = other;
      if (!result.related || !other.related) {
        result = Claim::nothing();
      } else if (!same_orders(result, other)) {
        throw Contradiction{"branches return different orders"};
      } else if (!result.axes || !other.axes || result.axes->size() != other.axes->size()) {
        result.axes = std::nullopt;  // both the same, of shapes that are not known
      } else {
        for (std::size_t i = 0; i < result.axes->size(); ++i) {
          weaken((*result.axes)[i], (*other.axes)[i], store_.terms);
        }
      }
    }
    result.ints = nullptr;
    result.ramp = nullptr;
    out.push_back(std::move(result));
  }
  return out;
}

// What is said of an initial value whose elements repeat (zeros) must hold of what comes after it,
// too. Whether anything changed.
bool Interpreter::generalise(Claim& before, const Claim& after) const {
  if (!before.axes || !after.axes || before.axes->size() != after.axes->size()) return false;
  bool changed = false;
  for (std::size_t i = 0; i < before.axes->size(); ++i) {
    Axis& axis = (*before.axes)[i];
    if (axis.repeats == kDistinct) continue;
    if (store_.orders.holds(axis, (*after.axes)[i].order)) axis.order = (*after.axes)[i].order;
    axis.repeats = kDistinct;
    changed = true;
  }
  return changed;
}

// A carried value has one claim before and after each iteration; extents that change are unknown.
std::vector<Claim> Interpreter::iterate(const GraphNode& node, const GraphNode& counterpart,
                                        std::vector<Claim> inputs, std::size_t first_state,
                                        std::size_t states, std::size_t first_result) {
  for (int round = 0; round < 4; ++round) {
    unfibred(store_.orders, inputs);
    const auto out = unfibred(store_.orders, run_body(node.subs.at(0), counterpart, inputs));
    bool settled = true;
    for (std::size_t k = 0; k < states; ++k) {
      Claim& before = inputs[first_state + k];
      const Claim& after = out.at(first_result + k);
      if (!after.related) return out;
      settled = !generalise(before, after) && settled;
      if (!same_orders(before, after)) throw Contradiction{"a carried value changes its order"};
      if (!before.axes) continue;
      if (!after.axes || after.axes->size() != before.axes->size()) {
        before.axes = std::nullopt;
        settled = false;
        continue;
      }
      for (std::size_t i = 0; i < before.axes->size(); ++i) {
        if ((*before.axes)[i].extent == (*after.axes)[i].extent || round == 3) continue;
        if ((*before.axes)[i].order != kPlain) throw NotUnderstood{"a carried value changes shape"};
        (*before.axes)[i] = {store_.terms.unknown_extent()};
        settled = false;
      }
    }
    if (settled) return out;
  }
  throw NotUnderstood{"a carried value changes its shape"};
}

namespace {

// One value for each iteration, along a new axis.
Claim stacked(Terms& terms, Claim each, std::int64_t position, const std::optional<Axis>& axis) {
  each.ints = nullptr;
  each.ramp = nullptr;
  if (!each.related || !each.axes) return each;
  const auto rank = static_cast<std::int64_t>(each.axes->size()) + 1;
  if (position < -rank || position >= rank) throw NotUnderstood{"an axis out of range"};
  each.axes->insert(each.axes->begin() + (position < 0 ? position + rank : position),
                    axis ? *axis : Axis{terms.unknown_extent()});
  return each;
}

}  // namespace

std::vector<Claim> Interpreter::loop(const GraphNode& node, const GraphNode& counterpart,
                                     const std::vector<const Claim*>& operands) {
  constexpr std::size_t kStates = 2;  // after the trip count and the condition
  for (std::size_t k = 0; k < kStates; ++k) {
    if (operands.at(k) && !operands[k]->same()) throw NotUnderstood{"iterations not known equal"};
  }
  std::vector<Claim> inputs(kStates);
  for (Claim& counter : inputs) counter.axes.emplace();
  inputs[0].type = onnx::TensorProto::INT64;
  inputs[1].type = onnx::TensorProto::BOOL;
  for (std::size_t k = 0; k < kStates; ++k) {
    const auto& declared =
        encrypted_.values[encrypted_.bodies[node.subs.at(0).body].inputs.at(k)].declared;
    if (declared && declared->size() == 1) inputs[k].axes->push_back({store_.terms.constant(1)});
  }
  for (std::size_t k = kStates; k < operands.size(); ++k) inputs.push_back(entering(*operands[k]));
  const std::size_t states = operands.size() - kStates;
  const auto body = iterate(node, counterpart, inputs, kStates, states, 1);
  if (!body.at(0).same()) throw NotUnderstood{"iterations not known equal"};
  std::vector<Claim> out;
  for (std::size_t k = 0; k < node.outputs.size(); ++k) {
    Claim result = entering(body.at(k + 1));
    if (k < states && result.axes) forget_extents(result, inputs[kStates + k]);
    out.push_back(k < states ? result : stacked(store_.terms, result, 0, std::nullopt));
  }
  return out;
}

// Without an iteration, the initial value is the result.
void Interpreter::forget_extents(Claim& after, const Claim& before) {
  if (!before.axes || before.axes->size() != after.axes->size()) {
    after.axes = std::nullopt;
    return;
  }
  for (std::size_t i = 0; i < after.axes->size(); ++i) {
    Axis& axis = (*after.axes)[i];
    if (axis.extent != (*before.axes)[i].extent) axis = {store_.terms.unknown_extent()};
    axis.repeats = kDistinct;
  }
}

std::vector<Claim> Interpreter::scan(const GraphNode& node, const GraphNode& counterpart,
                                     const std::vector<const Claim*>& operands) {
  const auto scanned = static_cast<std::size_t>(attribute_of(node, "num_scan_inputs", 0));
  if (node.opset < 9 || scanned < 1 || scanned > operands.size()) {
    throw NotUnderstood{"a Scan of another version"};
  }
  const std::size_t states = operands.size() - scanned;
  std::vector<Claim> inputs;
  std::optional<Axis> iterations;
  for (std::size_t k = 0; k < operands.size(); ++k) {
    inputs.push_back(entering(*operands[k]));
    if (k < states) continue;
    Claim& slice = inputs.back();
    if (!slice.axes || slice.axes->empty()) throw NotUnderstood{"an operand of unknown shape"};
    const std::int64_t at = listed_axis(node, "scan_input_axes", k - states);
    const auto rank = static_cast<std::int64_t>(slice.axes->size());
    if (at < -rank || at >= rank) throw NotUnderstood{"an axis out of range"};
    const auto place = slice.axes->begin() + (at < 0 ? at + rank : at);
    if (place->order != kPlain) throw Contradiction{"Scan runs in another order"};
    iterations = Axis{place->extent};
    slice.axes->erase(place);
  }
  const auto body = iterate(node, counterpart, inputs, 0, states, 0);
  std::vector<Claim> out;
  for (std::size_t k = 0; k < node.outputs.size(); ++k) {
    Claim result = entering(body.at(k));
    if (k < states && result.axes) forget_extents(result, inputs[k]);
    out.push_back(k < states
                      ? result
                      : stacked(store_.terms, result,
                                listed_axis(node, "scan_output_axes", k - states), iterations));
  }
  return out;
}

}  // namespace permcrypt::proof
