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

const OpRule kRules[] = {
    {"", "If", 1, kAnyOpset, "results of both branches are one", branch},
};

}  // namespace

std::span<const OpRule> control_flow_rules() { return kRules; }

}  // namespace permcrypt
