#include "proof/interpreter.h"

#include <algorithm>

#include "base/quote.h"
#include "proof/definitions.h"

namespace permcrypt::proof {
namespace {

constexpr std::size_t kMaxInts = 1u << 16;  // longer tables of integers are not followed

bool is_index_type(std::int32_t type) {
  using T = onnx::TensorProto;
  return type == T::INT64 || type == T::INT32 || type == T::BOOL;
}

std::string name_of(const GraphNode& node) {
  return node.op + " " +
         in_quotes(node.proto->name().empty() && node.proto->output_size() > 0
                       ? node.proto->output(0)
                       : node.proto->name());
}

// kNone: nobody wants it.
ValueId first_output(const GraphNode& node) {
  return node.outputs.empty() ? kNone : node.outputs[0];
}

}  // namespace

Interpreter::Interpreter(Store& store, const Graph& original, const Graph& encrypted,
                         const std::vector<TensorClaim>& tensors, const ProofRequest& request,
                         Proof& proof)
    : store_(store),
      original_(original),
      encrypted_(encrypted),
      tensors_(tensors),
      request_(request),
      proof_(proof),
      client_maps_(client_maps(request.plan, request.groups)),
      counterparts_(original, encrypted),
      turned_locks_(find_turned_locks(encrypted, request.key_input)),
      claims_(encrypted.values.size()) {
  // Where users renumber their data, an axis that comes apart and together again may have any
  // order.
  store_.joint_orders = !client_maps_.empty();
  for (const ValueId id : original.bodies[0].inputs) inputs_[original.values[id].name.str()] = id;
  std::map<TensorId, TensorId> counterpart;
  for (TensorId t = 0; t < tensors.size(); ++t) {
    if (tensors[t].encrypted != kNone) counterpart[t] = tensors[t].encrypted;
  }
  for (ValueId v = 0; v < original.values.size(); ++v) {
    const auto found = counterpart.find(original.stored(v));
    if (found != counterpart.end()) constants_[found->second] = {found->first, v};
  }
}

void Interpreter::contradict(const GraphNode* node, const std::string& what) {
  proof_.contradictions.push_back(node ? name_of(*node) + ": " + what : what);
}

void Interpreter::give_up(const GraphNode& node, const std::string& why) {
  ++proof_.not_understood[node.op + ": " + why];
}

void Interpreter::run() {
  claim_inputs();
  walk(0, 0);
  check_outputs();
}

// ------------------------------------------------------------------------------- any body

void Interpreter::set(ValueId encrypted, Claim claim, ValueId original) {
  if (encrypted == kNone) return;
  claim.original = original;
  claims_[encrypted] = std::move(claim);
}

Claim Interpreter::constant_claim(ValueId id) {
  const GraphValue& value = encrypted_.values[id];
  Claim claim;
  claim.related = false;
  const auto found = constants_.find(encrypted_.stored(id));
  if (found == constants_.end()) return claim;
  const auto [tensor, original] = found->second;
  claim = tensors_[tensor].claim;
  claim.original = counterparts_.standing_for(original);
  const bool whole = claim.related && claim.axes && claim.packed_bits == 0 && !value.sparse;
  if (whole && is_index_type(claim.type)) {
    if (const auto ints = original_.payloads->integers(tensor, kMaxInts)) {
      auto terms = std::make_shared<Ints>();
      for (const std::int64_t x : *ints) terms->push_back(store_.terms.constant(x));
      claim.ints = std::move(terms);
    }
  }
  return claim;
}

const Claim& Interpreter::claim_of(ValueId id) {
  auto& claim = claims_[id];
  if (!claim) {
    const GraphValue& value = encrypted_.values[id];
    claim = value.is_constant() ? constant_claim(id) : Claim::nothing();
  }
  return *claim;
}

void Interpreter::walk(BodyId encrypted, BodyId original) {
  for (const NodeId id : encrypted_.bodies[encrypted].nodes) {
    visit(encrypted_.nodes[id], original);
  }
}

void Interpreter::lose(const GraphNode& node) {
  for (const ValueId v : node.outputs) set(v, Claim::nothing(), kNone);
}

// Nodes of the main graph run on every input.
void Interpreter::note_extents(const GraphNode& node) {
  for (const ValueId v : node.outputs) {
    if (v == kNone || !claims_[v]->related || !claims_[v]->axes) continue;
    for (const Axis& axis : *claims_[v]->axes) store_.terms.is_extent(axis.extent);
  }
}

void Interpreter::visit(const GraphNode& node, BodyId original_body) {
  ++proof_.nodes;
  if (turned_locks_.inner.contains(&node)) return lose(node);  // nobody else reads its result
  std::vector<const Claim*> operands;
  for (const ValueId v : node.inputs) operands.push_back(v == kNone ? nullptr : &claim_of(v));
  try {
    if (pass_turned_lock(node) || pass_lock(node, operands)) return;
    std::vector<ValueId> originals;
    for (const Claim* c : operands) originals.push_back(c ? c->original : kNone);
    const auto lost = [](const Claim* c) { return c && !c->related && c->original == kNone; };
    if (std::ranges::any_of(operands, lost)) return lose(node);  // said where it was lost
    const NodeId id = counterparts_.find(original_body, node, originals);
    if (id != kNone) {
      apply(node, original_.nodes[id], operands);
      if (original_body == 0) note_extents(node);
      return;
    }
    if (node.op == "Cast" && operands.size() == 1 && operands[0]->behind_index_lock) {
      return set(first_output(node), *operands[0], operands[0]->original);
    }
    throw Contradiction{"the original has no such node"};
  } catch (const Contradiction& c) {
    contradict(&node, c.what);
  } catch (const NotUnderstood& n) {
    give_up(node, n.why);
  }
  lose(node);
}

// A node that both graphs have.
void Interpreter::apply(const GraphNode& node, const GraphNode& counterpart,
                        const std::vector<const Claim*>& operands) {
  const auto same = [](const Claim* c) { return !c || c->same(); };
  const bool all_same = std::ranges::all_of(operands, same);
  std::vector<Claim> results(node.outputs.size(), Claim::nothing());
  const bool all_related =
      std::ranges::all_of(operands, [](const Claim* c) { return !c || c->related; });
  if (!node.subs.empty()) {
    results = enter(node, counterpart, operands);
  } else if (all_related) {
    try {
      results = define(store_, node, operands);
    } catch (const NotUnderstood& n) {
      // Of equal operands every operator makes equal results.
      if (!all_same) give_up(node, n.why);
      for (Claim& r : results) {
        r = Claim();
        r.related = all_same;
      }
    } catch (const Contradiction& c) {
      contradict(&node, c.what);
      for (Claim& r : results) r = Claim::nothing();
    }
  }
  for (std::size_t k = 0; k < node.outputs.size(); ++k) {
    set(node.outputs[k], std::move(results[k]), counterparts_.standing_for(counterpart.outputs[k]));
  }
}

// ------------------------------------------------------------------------------- locks

void Interpreter::split_key(const GraphNode& node, const Claim& key) {
  std::vector<std::int64_t> sizes;
  for (const auto& a : node.proto->attribute()) {
    if (a.name() == "split") sizes.assign(a.ints().begin(), a.ints().end());
    if (a.name() == "axis" && a.i() != 0) throw Contradiction{"splits the key along no axis"};
  }
  if (node.inputs.size() > 1 && encrypted_.values[node.inputs[1]].tensor != kNone) {
    sizes = encrypted_.payloads->integers(encrypted_.values[node.inputs[1]].tensor, kMaxInts)
                .value_or(sizes);
  }
  if (sizes.empty() && node.outputs.size() == 1) {
    sizes = {static_cast<std::int64_t>(key.key->size())};
  }
  if (sizes.size() != node.outputs.size()) throw Contradiction{"splits the key in other parts"};
  std::size_t at = 0;
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    if (sizes[k] < 0 || static_cast<std::size_t>(sizes[k]) > key.key->size() - at) {
      throw Contradiction{"splits more than the key"};
    }
    const auto begin = key.key->begin() + static_cast<std::ptrdiff_t>(at);
    Claim part;
    part.key = std::make_shared<Index>(begin, begin + static_cast<std::ptrdiff_t>(sizes[k]));
    set(node.outputs[k], std::move(part), kNone);
    at += static_cast<std::size_t>(sizes[k]);
  }
  if (at != key.key->size()) throw Contradiction{"leaves a part of the key"};
}

// Nodes that the original does not have are those that read the key: a lock gives its operand
// another order.
bool Interpreter::pass_lock(const GraphNode& node, const std::vector<const Claim*>& operands) {
  const auto is_key = [](const Claim* c) { return c && c->key; };
  if (std::ranges::none_of(operands, is_key)) return false;
  if (node.op == "Split" && node.domain.empty() && is_key(operands[0])) {
    split_key(node, *operands[0]);
    return true;
  }
  if (node.op != "Gather" || !node.domain.empty() || operands.size() != 2 || !operands[0] ||
      !operands[1]) {
    throw Contradiction{"reads the key"};
  }
  std::int64_t axis = 0;
  for (const auto& a : node.proto->attribute()) {
    if (a.name() == "axis") axis = a.i();
  }
  if (!is_key(operands[0])) {
    lock_places(*operands[0], *operands[1]->key, axis, node);
    return true;
  }
  Claim out = *operands[1];
  if (out.key) throw Contradiction{"reads the key twice"};
  if (out.related) {
    if (axis != 0 || out.code != kPlain) throw Contradiction{"renumbers indices twice"};
    const Axis whole{store_.terms.constant(static_cast<std::int64_t>(operands[0]->key->size()))};
    out.code = store_.orders.gather(whole, *operands[0]->key).order;
    out.behind_index_lock = true;
  }
  const ValueId original = out.original;
  set(first_output(node), std::move(out), original);
  return true;
}

bool Interpreter::pass_turned_lock(const GraphNode& node) {
  const auto found = turned_locks_.locks.find(&node);
  if (found == turned_locks_.locks.end()) return false;
  const Claim value = claim_of(found->second.value), key = claim_of(found->second.key);
  if (!key.key) throw Contradiction{"is turned for no lock"};
  lock_places(value, *key.key, found->second.axis, node);
  return true;
}

// What `node` makes of a value: its elements along an axis in another order.
void Interpreter::lock_places(Claim out, const Index& key, std::int64_t axis,
                              const GraphNode& node) {
  if (out.key) throw Contradiction{"reads the key twice"};
  if (out.related && (!out.axes || out.packed_bits != 0)) {
    give_up(node, "a lock on an unknown shape");
    out.related = false;
  }
  if (out.related) {
    const auto rank = static_cast<std::int64_t>(out.axes->size());
    if (axis < -rank || axis >= rank) throw Contradiction{"a lock on no axis"};
    const auto at = static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
    if (out.joint && at >= out.joint_from) throw NotUnderstood{"a lock on one of joint axes"};
    Axis& locked = (*out.axes)[at];
    if (locked.leads) throw NotUnderstood{"a lock on an axis that others depend on"};
    locked = store_.orders.gather(locked, key);
  }
  const ValueId original = out.original;
  set(first_output(node), std::move(out), original);
}

}  // namespace permcrypt::proof
