// Branches and loops: data-flow edges into and out of their bodies.
#include <algorithm>

#include "infer/registry.h"

namespace permcrypt {
namespace {

const GraphBody& body_of(RuleCall& c, std::string_view attribute, BodyId* id) {
  for (const auto& sub : c.node.subs) {
    if (sub.attribute != attribute) continue;
    *id = sub.body;
    return c.ws.graph.bodies[sub.body];
  }
  c.give_up("body missing");
}

// One result of an If from what its branches computed.
Operand merge_branches(RuleCall& c, const std::vector<Operand*>& arms) {
  Operand out;
  out.type = arms[0]->type;
  const bool alike = std::all_of(arms.begin(), arms.end(), [&](const Operand* o) {
    return o->known && o->axes.size() == arms[0]->axes.size();
  });
  if (arms.size() > 1) {
    for (Operand* o : arms) {
      if (o->label != kNone) c.labels.pin(o->label, "elements leave an If");
    }
  }
  if (!alike) {
    for (Operand* o : arms) c.pin(*o, "branches of an If of unlike rank");
    return out;
  }
  out.known = true;
  for (std::size_t k = 0; k < arms[0]->axes.size(); ++k) {
    const Axis axis = arms[0]->axes[k];
    const bool same = std::all_of(arms.begin(), arms.end(),
                                  [&](const Operand* o) { return o->axes[k].same_extent(axis); });
    for (Operand* o : arms) {
      if (same) {
        c.unify(axis, o->axes[k]);
      } else {
        c.pin(o->axes[k], "branches of an If of unlike extent");
      }
    }
    out.axes.push_back(same ? axis : c.unknown_extent("branches of an If of unlike extent"));
  }
  if (arms.size() == 1) out.label = arms[0]->label;
  return out;
}

void branch(RuleCall& c) {
  const auto condition = c.ints(0);
  std::vector<BodyId> taken;
  for (const auto name : {"then_branch", "else_branch"}) {
    BodyId id = 0;
    body_of(c, name, &id);
    const bool then_side = std::string_view(name) == "then_branch";
    // An unreachable branch still runs its rules, so that its weights get axes; but its results do
    // not count.
    c.ws.run_body(id);
    const bool known = condition && condition->is_static() && condition->a.size() == 1;
    if (!known || (condition->a[0] != 0) == then_side) taken.push_back(id);
  }
  for (std::size_t k = 0; k < c.results.size(); ++k) {
    std::vector<Operand*> arms;
    for (const BodyId id : taken) {
      const auto& outputs = c.ws.graph.bodies[id].outputs;
      if (k >= outputs.size()) c.give_up("branch lacks a result");
      arms.push_back(&c.ws.operands[outputs[k]]);
    }
    c.results[k] = {true, merge_branches(c, arms)};
  }
}

// ---------------------------------------------------------------------------- Scan and Loop

// What a body reads of an operand: its type and, without the elements, its shape. The elements
// differ between iterations.
Operand entering(const Operand& outer) {
  Operand o;
  o.known = true;
  o.type = outer.type;
  o.axes = outer.axes;
  return o;
}

// The first iteration reads the initial value of a carried one.
void begin_carried(RuleCall& c, ValueId start, Operand& initial) {
  Operand o = entering(initial);
  o.label = c.labels.opaque("elements carried by " + c.node.op);
  if (initial.label != kNone) c.labels.pin(initial.label, "elements carried by " + c.node.op);
  c.ws.operands[start] = std::move(o);
}

// Each further iteration reads what the one before it computed, and the last one's is the result.
void end_carried(RuleCall& c, ValueId start, ValueId end, std::size_t result) {
  const Operand& before = c.ws.operands[start];
  const Operand& after = c.ws.operands[end];
  const bool alike =
      after.known && std::ranges::equal(before.axes, after.axes, [](const Axis& x, const Axis& y) {
        return x.same_extent(y);
      });
  if (!alike) c.give_up("a carried value changes its shape");
  for (std::size_t k = 0; k < before.axes.size(); ++k) c.unify(before.axes[k], after.axes[k]);
  if (after.label != kNone) c.labels.pin(after.label, "elements carried by " + c.node.op);
  c.out(result, before.axes, after.type);
}

// One value per iteration, stacked along a new axis.
void stack(RuleCall& c, ValueId each, std::size_t result, const Axis& iterations,
           std::int64_t position) {
  const Operand& o = c.ws.operands[each];
  if (!o.known) c.give_up("a stacked value of unknown shape");
  std::vector<Axis> axes = o.axes;
  axes.insert(axes.begin() + c.to_axis(position, static_cast<int>(axes.size()) + 1), iterations);
  c.out(result, std::move(axes), o.type, o.label);
}

// Entry k of an optional list of axes.
std::int64_t listed_axis(RuleCall& c, std::string_view attribute, std::size_t k) {
  const auto list = c.attr_ints(attribute);
  if (!list) return 0;
  if (k >= list->size()) c.give_up("axes missing");
  return (*list)[k];
}

// A slice of operand k enters each iteration. Returns the axis it is cut along.
Axis begin_scanned(RuleCall& c, ValueId slice, std::size_t k, std::int64_t position) {
  const Operand& whole = c.in(k);
  Operand o = entering(whole);
  o.label = whole.label;
  const auto at = o.axes.begin() + c.to_axis(position, c.rank(k));
  const Axis iterations = *at;
  o.axes.erase(at);
  c.ws.operands[slice] = std::move(o);
  return iterations;
}

// Scan of opset 8: lengths, then states [b,..] and what is scanned [b,t,..], each batch by itself.
void batched_scan(RuleCall& c) {
  BodyId id = 0;
  const GraphBody& body = body_of(c, "body", &id);
  const std::int64_t scanned = c.attr("num_scan_inputs", 0);
  const std::size_t operands = c.inputs() - std::min<std::size_t>(c.inputs(), 1);
  if (scanned < 1 || static_cast<std::size_t>(scanned) > operands) c.give_up("nothing to scan");
  const std::size_t states = operands - static_cast<std::size_t>(scanned);
  if (body.inputs.size() != operands || body.outputs.size() < c.results.size() ||
      c.results.size() < states) {
    c.give_up("body of another signature");
  }
  std::optional<Axis> batch, time;
  for (std::size_t k = 0; k < operands; ++k) {
    const Axis b = begin_scanned(c, body.inputs[k], k + 1, 0);
    if (batch) c.unify(*batch, b, true);
    batch = b;
    Operand& each = c.ws.operands[body.inputs[k]];
    if (k < states) {
      if (each.label != kNone) c.labels.pin(each.label, "elements carried by Scan");
      continue;
    }
    if (each.axes.empty()) c.give_up("nothing to scan");
    if (time) c.unify(*time, each.axes[0], true);
    time = each.axes[0];
    c.pin(*time, "Scan runs in order");
    each.axes.erase(each.axes.begin());
  }
  if (c.has(0)) c.broadcast({*batch}, c.in(0).axes);
  c.ws.run_body(id);
  for (std::size_t k = 0; k < c.results.size(); ++k) {
    if (k < states) {
      end_carried(c, body.inputs[k], body.outputs[k], k);
    } else {
      stack(c, body.outputs[k], k, *time, 0);
    }
    auto& axes = c.results[k].operand.axes;
    axes.insert(axes.begin(), *batch);
  }
}

void scan(RuleCall& c) {
  BodyId id = 0;
  const GraphBody& body = body_of(c, "body", &id);
  const std::int64_t scanned = c.attr("num_scan_inputs", 0);
  if (scanned < 1 || static_cast<std::size_t>(scanned) > c.inputs()) c.give_up("nothing to scan");
  const std::size_t states = c.inputs() - static_cast<std::size_t>(scanned);
  if (body.inputs.size() != c.inputs() || body.outputs.size() < c.results.size() ||
      c.results.size() < states) {
    c.give_up("body of another signature");
  }
  for (std::size_t k = 0; k < states; ++k) begin_carried(c, body.inputs[k], c.in(k));
  std::optional<Axis> iterations;
  for (std::size_t k = states; k < c.inputs(); ++k) {
    const Axis axis =
        begin_scanned(c, body.inputs[k], k, listed_axis(c, "scan_input_axes", k - states));
    if (iterations) c.unify(*iterations, axis, true);
    iterations = axis;
    c.pin(axis, "Scan runs in order");
  }
  c.ws.run_body(id);
  for (std::size_t k = 0; k < states; ++k) end_carried(c, body.inputs[k], body.outputs[k], k);
  for (std::size_t k = states; k < c.results.size(); ++k) {
    stack(c, body.outputs[k], k, *iterations, listed_axis(c, "scan_output_axes", k - states));
  }
}

bool is_true(const Operand& o) {
  return o.folded && o.folded->is_static() && o.folded->a.ints == std::vector<std::int64_t>{1};
}

// The iteration number or the condition: a number, or a list of one if the body says so.
void begin_counter(RuleCall& c, ValueId value, std::int32_t type) {
  Operand o;
  o.known = true;
  o.type = type;
  const auto& declared = c.ws.graph.values[value].declared;
  if (declared && declared->size() == 1) o.axes.push_back(c.unit());
  o.label = c.labels.opaque("counts iterations");
  c.ws.operands[value] = std::move(o);
}

// The number of iterations: the trip count, if the condition never ends the loop before.
Axis count_iterations(RuleCall& c, const std::optional<IntsPair>& trips, ValueId condition) {
  const bool counted = trips && trips->a.size() == 1 && is_true(c.ws.operands[condition]) &&
                       (!c.has(1) || is_true(c.in(1)));
  if (!counted) return c.unknown_extent("iterations of a Loop");
  return c.fixed(std::max<std::int64_t>(trips->a[0], 0), std::max<std::int64_t>(trips->b[0], 0),
                 "iterations of a Loop");
}

void loop(RuleCall& c) {
  BodyId id = 0;
  const GraphBody& body = body_of(c, "body", &id);
  // Outside: trip count, condition, carried. Inside: the same, with the iteration's number; the
  // body computes condition, carried, stacked.
  constexpr std::size_t kCarried = 2;
  if (c.inputs() < kCarried || body.inputs.size() != c.inputs())
    c.give_up("body of another signature");
  const std::size_t states = c.inputs() - kCarried;
  if (c.results.size() < states || body.outputs.size() < c.results.size() + 1) {
    c.give_up("body of another signature");
  }
  const auto trips = c.has(0) ? c.ints(0) : std::nullopt;
  if (c.has(1)) c.pin(c.in(1), "condition of a Loop");
  begin_counter(c, body.inputs[0], onnx::TensorProto::INT64);
  begin_counter(c, body.inputs[1], onnx::TensorProto::BOOL);
  for (std::size_t k = 0; k < states; ++k) {
    begin_carried(c, body.inputs[kCarried + k], c.in(kCarried + k));
  }
  c.ws.run_body(id);
  c.pin(c.ws.operands[body.outputs[0]], "condition of a Loop");
  for (std::size_t k = 0; k < states; ++k) {
    end_carried(c, body.inputs[kCarried + k], body.outputs[k + 1], k);
  }
  const Axis iterations = count_iterations(c, trips, body.outputs[0]);
  for (std::size_t k = states; k < c.results.size(); ++k) {
    stack(c, body.outputs[k + 1], k, iterations, 0);
  }
}

const OpRule kRules[] = {
    {"", "If", 1, kAnyOpset, "results of both branches are one", branch},
    {"", "Scan", 8, 8, "(lengths[b], state[b,..], [b,!t,x])->(state, [b,!t,y]): as of opset 9",
     batched_scan, true},
    {"", "Scan", 9, kAnyOpset, "(state, [!t,x])->(state, [!t,y]): the body once per t, in order",
     scan, true},
    {"", "Loop", 1, kAnyOpset, "(trips, condition, state)->(state, [!t,y]): the body once per t",
     loop, true},
};

}  // namespace

std::span<const OpRule> control_flow_rules() { return kRules; }

}  // namespace permcrypt
