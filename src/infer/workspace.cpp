#include "infer/workspace.h"

#include <algorithm>
#include <stdexcept>

#include "infer/registry.h"
#include "infer/rule.h"

namespace permcrypt {

bool is_index_type(std::int32_t type) {
  return type == onnx::TensorProto::INT32 || type == onnx::TensorProto::INT64;
}

Workspace::Workspace(const Graph& g, const InferOptions& o, SizeAssumptions sizes)
    : graph(g), options(o), dimensions(std::move(sizes)), operands(g.values.size()) {
  labels.reserve(g.values.size());  // hardly any value has more than one
}

Axis Workspace::free_axis(std::int64_t a, std::int64_t b) {
  if (a != b) return fixed_axis(a, b, "dynamic extent");
  return Axis{axes.free_factor(a), a, a};
}

Axis Workspace::fixed_axis(std::int64_t a, std::int64_t b, std::string_view why) {
  if (a == b) return Axis{axes.fixed_factor(a, why), a, b};
  const ExprId expr = axes.dynamic_factor(a);
  axes.pin(expr, why);
  return Axis{expr, a, b};
}

void Workspace::pin(Operand& operand, std::string_view why) {
  for (const Axis& axis : operand.axes) axes.pin(axis.expr, why);
  if (operand.label != kNone) labels.pin(operand.label, why);
}

namespace {

// Pins what the bodies of a node read from outside: used when no rule looks into them.
void pin_captures(Workspace& ws, BodyId id, std::string_view why) {
  std::vector<BodyId> stack{id};
  while (!stack.empty()) {
    const GraphBody& body = ws.graph.bodies[stack.back()];
    stack.pop_back();
    for (const NodeId n : body.nodes) {
      for (const ValueId v : ws.graph.nodes[n].inputs) {
        if (v != kNone) ws.pin(ws.operands[v], why);
      }
      for (const auto& sub : ws.graph.nodes[n].subs) stack.push_back(sub.body);
    }
    for (const ValueId v : body.outputs) ws.pin(ws.operands[v], why);
  }
}

// The declared shape of a value, all fixed; unknown if it has none or names an unseen dimension.
Operand declared_operand(Workspace& ws, ValueId id, std::string_view why) {
  Operand o;
  const GraphValue& value = ws.graph.values[id];
  o.type = value.elem_type;
  if (!value.declared) return o;
  for (const auto& dim : *value.declared) {
    if (dim.size >= 0) {
      o.axes.push_back(ws.fixed_axis(dim.size, dim.size, why));
    } else {
      const auto [a, b] = ws.dimensions.named(dim.name);
      o.axes.push_back(ws.fixed_axis(a, b, why));
    }
  }
  o.known = true;
  return o;
}

// Nobody knows what the node does: its operands and results stay as they are.
void pin_node(RuleCall& c, const std::vector<FoldedPtr>& folded, const std::string& why) {
  for (const ValueId v : c.node.inputs) {
    if (v != kNone) c.ws.pin(c.ws.operands[v], why);
  }
  for (const auto& sub : c.node.subs) pin_captures(c.ws, sub.body, why);
  for (std::size_t k = 0; k < c.results.size(); ++k) {
    if (c.node.outputs[k] == kNone) continue;
    if (k < folded.size() && folded[k]) {
      c.out_folded(k, folded[k], c.ws.graph.values[c.node.outputs[k]].elem_type, why);
    } else {
      c.results[k] = {true, declared_operand(c.ws, c.node.outputs[k], why)};
    }
    c.results[k].operand.label = c.labels.opaque(why);
  }
}

// A dynamic bound against a static axis is assumed to fit, which folding cannot know.
bool folds(const GraphNode& node, const std::vector<FoldedPtr>& operands) {
  if (node.op != "Slice") return true;
  return std::all_of(operands.begin() + 1, operands.end(),
                     [](const FoldedPtr& f) { return !f || f->is_static(); });
}

std::vector<FoldedPtr> fold_node(const Workspace& ws, const GraphNode& node) {
  if (!node.subs.empty() || !node.domain.empty() || node.inputs.empty()) return {};
  std::vector<FoldedPtr> operands;
  for (const ValueId v : node.inputs) {
    operands.push_back(v == kNone ? nullptr : ws.operands[v].folded);
    if (v != kNone && !operands.back()) return {};
  }
  if (!folds(node, operands)) return {};
  return fold(node, operands);
}

// Keeps what folding found if it agrees with the rule's shape; a disagreement pins.
void attach_folded(RuleCall& c, Operand& o, const FoldedPtr& folded) {
  const auto& shape = folded->a.shape;
  const bool agrees = shape.size() == o.axes.size() &&
                      std::equal(shape.begin(), shape.end(), o.axes.begin(),
                                 [](std::int64_t n, const Axis& x) { return n == x.a; });
  if (!agrees) {
    c.ws.note("folded shape differs at " + c.where());
    c.pin(o, "shape in doubt");
    o.axes.clear();
    for (const std::int64_t n : shape) o.axes.push_back(c.fixed(n, "shape in doubt"));
  }
  o.folded = folded;
}

void run_node(Workspace& ws, NodeId id) {
  const GraphNode& node = ws.graph.nodes[id];
  ws.axes.at(id + 1);
  RuleCall c(ws, node);
  const auto folded = fold_node(ws, node);
  const RuleBook as_written;
  const RuleBook& rules = ws.options.rules ? *ws.options.rules : as_written;
  const OpRule* rule = find_rule(node.domain, node.op, node.opset);
  const std::string op = (node.domain.empty() ? "" : node.domain + ".") + node.op;
  const auto give_up = [&](const std::string& reason) {
    ++ws.gave_up[op + ": " + reason];
    c.results.assign(node.outputs.size(), {});
    pin_node(c, folded, "rule " + op + " gave up (" + reason + ")");
  };
  bool done = false;
  if (!rule) {
    ++ws.unknown_ops[op];
    pin_node(c, folded, "unknown operator " + op);
  } else if (!rule->apply) {
    pin_node(c, folded, op + " " + std::string(rule->structure));
  } else {
    try {
      rules.apply(*rule, c);
      done = true;
    } catch (const GaveUp& e) {
      give_up(e.reason);
    } catch (const std::out_of_range&) {  // of an axis that rules take to be there
      give_up("operands of another rank");
    }
  }
  bool constant = node.subs.empty();  // what bodies capture is not among the inputs
  for (const ValueId v : node.inputs) {
    if (v == kNone) continue;
    constant = constant && ws.operands[v].constant;
    if (done && !rule->handles_labels && ws.operands[v].label != kNone) {
      ws.labels.pin(ws.operands[v].label, "elements read by " + op);
    }
  }
  for (std::size_t k = 0; k < node.outputs.size(); ++k) {
    if (node.outputs[k] == kNone) continue;
    Operand& o = c.results[k].operand;
    if (done && k < folded.size() && folded[k] && o.known) attach_folded(c, o, folded[k]);
    if (done && k == 0 && !o.folded) {
      if (auto form = affine_result(c, o)) {
        o.affine = std::make_shared<const Affine>(*std::move(form));
      }
      if (auto columns = columns_result(c, o); !columns.empty()) {
        o.columns = std::make_shared<const std::vector<Affine>>(std::move(columns));
      }
    }
    o.constant = constant;
    if (o.label == kNone) o.label = ws.labels.opaque("computed by " + op);
    ws.operands[node.outputs[k]] = std::move(o);
  }
}

}  // namespace

void Workspace::run_body(BodyId body) {
  for (const NodeId id : graph.bodies[body].nodes) run_node(*this, id);
}

}  // namespace permcrypt
