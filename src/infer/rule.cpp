#include "infer/rule.h"

#include <algorithm>
#include <numeric>

namespace permcrypt {
namespace {

// The number of elements under one binding, if 64 bits hold it.
std::optional<std::int64_t> count(const std::vector<Axis>& axes, bool first) {
  std::int64_t n = 1;
  for (const Axis& x : axes) {
    if (__builtin_mul_overflow(n, first ? x.a : x.b, &n)) return std::nullopt;
  }
  return n;
}

// A count that only one extent of a dynamic dimension can satisfy.
void solve_count(const RuleCall& c, std::int64_t x, std::int64_t y) {
  const std::int64_t g = std::gcd(x, y), p = x / g, q = y / g, small = std::min(p, q);
  for (const auto& [name, pair] : c.ws.dimensions.all()) {
    if (std::max(p, q) == pair.first && small > 1 && small < 100'000) throw Rebind{name, small};
  }
}

std::vector<ExprId> exprs(const std::vector<Axis>& axes) {
  std::vector<ExprId> out;
  for (const Axis& x : axes) out.push_back(x.expr);
  return out;
}

}  // namespace

RuleCall::RuleCall(Workspace& workspace, const GraphNode& n)
    : node(n), ws(workspace), axes(workspace.axes), labels(workspace.labels) {
  results.resize(node.outputs.size());
}

Operand& RuleCall::in(std::size_t k) {
  if (!has(k)) give_up("operand " + std::to_string(k) + " is missing");
  Operand& operand = ws.operands[node.inputs[k]];
  if (!operand.known) give_up("operand of unknown shape");
  return operand;
}

// ---------------------------------------------------------------------------- attributes

void RuleCall::at_most(std::size_t operands) const {
  for (std::size_t k = operands; k < inputs(); ++k) {
    if (has(k)) give_up("operand " + std::to_string(k) + " is not handled");
  }
}

const onnx::AttributeProto* RuleCall::attribute(std::string_view name) const {
  for (const auto& a : node.proto->attribute()) {
    if (a.name() == name) return &a;
  }
  return nullptr;
}

std::int64_t RuleCall::attr(std::string_view name, std::int64_t otherwise) const {
  const auto* a = attribute(name);
  return a ? a->i() : otherwise;
}

double RuleCall::attr_real(std::string_view name, double otherwise) const {
  const auto* a = attribute(name);
  return a ? static_cast<double>(a->f()) : otherwise;
}

std::string RuleCall::attr_text(std::string_view name, std::string_view otherwise) const {
  const auto* a = attribute(name);
  return a ? a->s() : std::string(otherwise);
}

std::optional<std::vector<std::int64_t>> RuleCall::attr_ints(std::string_view name) const {
  const auto* a = attribute(name);
  if (!a) return std::nullopt;
  return std::vector<std::int64_t>(a->ints().begin(), a->ints().end());
}

int RuleCall::to_axis(std::int64_t axis, int rank) const {
  if (axis < 0) axis += rank;
  if (axis < 0 || axis >= rank) give_up("axis out of range");
  return static_cast<int>(axis);
}

int RuleCall::attr_axis(std::string_view name, std::int64_t otherwise, int rank) const {
  return to_axis(attr(name, otherwise), rank);
}

std::optional<IntsPair> RuleCall::ints(std::size_t k, bool open) {
  Operand& operand = in(k);
  pin(operand, "used as a shape or index");
  if (!operand.folded || !operand.folded->a.integral) return std::nullopt;
  const Folded& folded = *operand.folded;
  for (std::size_t i = 0; !open && i < folded.a.ints.size(); ++i) {
    if (folded.open(i)) return std::nullopt;
  }
  return IntsPair{folded.at(0).ints, folded.at(1).ints};
}

IntsPair RuleCall::require_ints(std::size_t k) {
  auto values = ints(k);
  if (!values) give_up("operand " + std::to_string(k) + " is computed at run time");
  return *std::move(values);
}

// ---------------------------------------------------------------------------- axes

Axis RuleCall::free(std::int64_t a, std::int64_t b) {
  if (a < 0 || b < 0) give_up("negative extent");
  if (a == b) return ws.free_axis(a, b);
  return Axis{axes.dynamic_factor(a), a, b};
}

Axis RuleCall::fixed(std::int64_t a, std::int64_t b, std::string_view why) {
  if (a < 0 || b < 0) give_up("negative extent");
  return ws.fixed_axis(a, b, why);
}

Axis RuleCall::unknown_extent(std::string_view why) {
  const auto [a, b] = ws.dimensions.fresh();
  return ws.fixed_axis(a, b, why);
}

Axis RuleCall::product(const std::vector<Axis>& parts) {
  const auto a = count(parts, true), b = count(parts, false);
  if (!a || !b) give_up("extent too large");
  return Axis{axes.product(exprs(parts)), *a, *b};
}

Axis RuleCall::sum(const std::vector<Axis>& parts) {
  std::int64_t a = 0, b = 0;
  for (const Axis& x : parts) {
    if (__builtin_add_overflow(a, x.a, &a) || __builtin_add_overflow(b, x.b, &b)) {
      give_up("extent too large");
    }
  }
  return Axis{axes.sum(exprs(parts)), a, b};
}

Axis RuleCall::cut(const Axis& axis, std::int64_t begin, std::int64_t end) {
  if (axis.dynamic() || begin < 0 || begin > end || end > axis.a) give_up("cut out of range");
  if (begin == 0 && end == axis.a) return axis;
  return Axis{axes.cut(axis.expr, begin, end), end - begin, end - begin};
}

std::pair<Axis, Axis> RuleCall::divide(const Axis& axis, std::int64_t major) {
  if (major <= 0 || axis.a % major != 0 || axis.b % major != 0) give_up("heads do not divide");
  const Axis h = free(major), rest = free(axis.a / major, axis.b / major);
  align({axis}, {h, rest});
  return {h, rest};
}

// ---------------------------------------------------------------------------- relations

void RuleCall::note_mismatch(const Axis& x, const Axis& y) {
  ws.mismatches.push_back({static_cast<NodeId>(&node - ws.graph.nodes.data()), x, y});
}

void RuleCall::unify(const Axis& x, const Axis& y, bool hard) {
  if (x.same_extent(y)) return axes.unify(x.expr, y.expr);
  note_mismatch(x, y);
  if (!x.dynamic() && !y.dynamic()) {
    give_up("extents differ: " + std::to_string(x.a) + " and " + std::to_string(y.a));
  }
  if (hard) {
    for (const auto& [d, s] : {std::pair{&x, &y}, std::pair{&y, &x}}) {
      const auto it = ws.dimension_of.find(axes.resolve(d->expr));
      if (!s->dynamic() && it != ws.dimension_of.end()) throw Rebind{it->second, s->a};
    }
  }
  axes.pin(x.expr, "meets another dynamic extent");
  axes.pin(y.expr, "meets a dynamic extent");
}

void RuleCall::align(const std::vector<Axis>& x, const std::vector<Axis>& y) {
  // Equal leading axes first: they align one to one, and the rest stays within 64 bits.
  std::size_t lead = 0;
  while (lead < x.size() && lead < y.size() && x[lead].same_extent(y[lead])) {
    axes.unify(x[lead].expr, y[lead].expr);
    ++lead;
  }
  const std::vector<Axis> rx(x.begin() + static_cast<std::ptrdiff_t>(lead), x.end());
  const std::vector<Axis> ry(y.begin() + static_cast<std::ptrdiff_t>(lead), y.end());
  const auto ax = count(rx, true), ay = count(ry, true), bx = count(rx, false),
             by = count(ry, false);
  if (ax == 0 || ay == 0 || bx == 0 || by == 0) return pin_all({&rx, &ry}, "empty tensor");
  const bool known = ax && ay && bx && by;
  if (known && ax == ay && bx == by) return axes.align(exprs(rx), exprs(ry));
  if (known) solve_count(*this, *ax, *ay);
  const auto dynamic = [](const Axis& axis) { return axis.dynamic(); };
  if (std::none_of(rx.begin(), rx.end(), dynamic) && std::none_of(ry.begin(), ry.end(), dynamic)) {
    give_up("element counts differ");
  }
  // Two large primes in place of an extent need not divide as the extent does: the shapes are right
  // all the same, only their factors are not known.
  ++ws.misaligned;
  pin_all({&rx, &ry}, "reshaped along dynamic extents");
}

void RuleCall::pin_all(std::initializer_list<const std::vector<Axis>*> lists,
                       std::string_view why) {
  for (const auto* list : lists) {
    for (const Axis& axis : *list) axes.pin(axis.expr, why);
  }
}

void RuleCall::pin(const Axis& axis, std::string_view why) { axes.pin(axis.expr, why); }
void RuleCall::pin(Operand& operand, std::string_view why) { ws.pin(operand, why); }

std::vector<Axis> RuleCall::broadcast(const std::vector<const std::vector<Axis>*>& operands) {
  std::size_t rank = 0;
  for (const auto* list : operands) rank = std::max(rank, list->size());
  std::vector<Axis> out(rank);
  for (const auto* list : operands) {
    for (std::size_t k = 0; k < list->size(); ++k) {
      const Axis& x = (*list)[list->size() - 1 - k];
      Axis& o = out[rank - 1 - k];
      if (x.unit()) continue;
      if (o.unit()) {
        o = x;
        continue;
      }
      unify(o, x);
      if (o.dynamic() && !x.dynamic()) o = x;
    }
  }
  return out;
}

void RuleCall::per_index(Operand* parameter, const Axis& axis) {
  if (!parameter) return;
  const Axis* only = nullptr;
  for (const Axis& x : parameter->axes) {
    if (x.unit()) continue;
    if (only) give_up("parameter with several axes");
    only = &x;
  }
  if (only) unify(*only, axis);
}

// ---------------------------------------------------------------------------- results

void RuleCall::out(std::size_t k, std::vector<Axis> result, std::int32_t type, LabelId label) {
  if (k >= results.size()) return;
  results[k].set = true;
  Operand& o = results[k].operand;
  o.known = true;
  o.axes = std::move(result);
  o.type = type;
  o.label = label;
}

void RuleCall::out_folded(std::size_t k, FoldedPtr folded, std::int32_t type,
                          std::string_view why) {
  std::vector<Axis> shape;
  for (std::size_t i = 0; i < folded->a.shape.size(); ++i) {
    shape.push_back(fixed(folded->at(0).shape[i], folded->at(1).shape[i], why));
  }
  out(k, std::move(shape), type);
  if (k < results.size()) results[k].operand.folded = std::move(folded);
}

std::string RuleCall::where() const {
  std::string name = node.proto->name();
  if (name.empty() && !node.outputs.empty() && node.outputs[0] != kNone) {
    name = ws.graph.values[node.outputs[0]].name;
  }
  return (node.domain.empty() ? "" : node.domain + ".") + node.op + " " + name;
}

}  // namespace permcrypt
