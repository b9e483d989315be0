#include "proof/step.h"

#include <algorithm>

namespace permcrypt::proof {

Step::Step(Store& store, const GraphNode& node, std::vector<const Claim*> operands)
    : node(node),
      graph(store.graph),
      terms(store.terms),
      orders(store.orders),
      assumptions(store.assumptions),
      joint_orders(store.joint_orders),
      results(node.outputs.size()),
      operands_(std::move(operands)) {}

const Claim& Step::claim(std::size_t k) const {
  if (!has(k)) throw NotUnderstood{"an operand is missing"};
  return *operands_[k];
}

bool has_fibres(const Orders& orders, const Axes& axes) {
  return std::ranges::any_of(axes, [&](const Axis& axis) { return orders.is_fibred(axis.order); });
}

const Axes& unfibred(const Orders& orders, const Axes& axes) {
  if (has_fibres(orders, axes)) throw NotUnderstood{"an order that depends on another axis"};
  return axes;
}

const Axes& Step::axes(std::size_t k) const { return unfibred(orders, fibred_axes(k)); }

const Axes& Step::fibred_axes(std::size_t k) const {
  const Claim& c = claim(k);
  if (c.packed_bits != 0) throw NotUnderstood{"packed elements"};
  if (c.joint) throw NotUnderstood{"several axes are renumbered at once"};
  if (c.code != kPlain) throw NotUnderstood{"renumbered indices are read as numbers"};
  if (!c.axes) throw NotUnderstood{"an operand of unknown shape"};
  return *c.axes;
}

const Ints& Step::ints(std::size_t k) {
  must_be_plain(k);
  return original_ints(k);
}

const Ints& Step::original_ints(std::size_t k) {
  constexpr std::int64_t kMost = 64;
  const Claim& c = claim(k);
  if (c.ints) return *c.ints;
  const NotUnderstood unknown{"the elements of an operand are not known"};
  if (const auto named = named_.find(k); named != named_.end()) return named->second;
  if (!c.axes || c.axes->size() > 1) throw unknown;
  const auto count =
      c.axes->empty() ? std::optional<std::int64_t>(1) : terms.value(c.axes->front().extent);
  if (!count || *count > kMost) throw unknown;
  Ints& out = named_[k];
  for (std::int64_t i = 0; i < *count; ++i) {
    out.push_back(
        terms.function("value", {terms.constant(node.inputs[k]), terms.constant(i)}, false));
  }
  return out;
}

std::vector<std::int64_t> Step::constants(std::size_t k) {
  std::vector<std::int64_t> out;
  for (const TermId x : ints(k)) {
    const auto value = terms.value(x);
    if (!value) throw NotUnderstood{"an operand depends on a dynamic dimension"};
    out.push_back(*value);
  }
  return out;
}

std::int64_t Step::integer(std::size_t k) {
  const auto list = constants(k);
  if (list.size() != 1) throw NotUnderstood{"a list where one number is expected"};
  return list[0];
}

std::optional<std::vector<double>> Step::reals(std::size_t k) const {
  constexpr std::size_t kMost = 4096;
  must_be_plain(k);
  if (!has(k) || graph.values[node.inputs[k]].tensor == kNone) return std::nullopt;
  return graph.payloads->floats(graph.values[node.inputs[k]].tensor, kMost);
}

void Step::must_be_plain(std::size_t k) const {
  if (has(k) && !claim(k).same())
    throw Contradiction{"an operand in another order than its meaning"};
}

const onnx::AttributeProto* Step::attribute(std::string_view name) const {
  for (const auto& a : node.proto->attribute()) {
    if (a.name() == name) return &a;
  }
  return nullptr;
}

std::int64_t Step::attr(std::string_view name, std::int64_t otherwise) const {
  const auto* a = attribute(name);
  return a ? a->i() : otherwise;
}

double Step::attr_real(std::string_view name, double otherwise) const {
  const auto* a = attribute(name);
  return a ? a->f() : otherwise;
}

std::string Step::attr_text(std::string_view name, std::string_view otherwise) const {
  const auto* a = attribute(name);
  return a ? a->s() : std::string(otherwise);
}

std::optional<std::vector<std::int64_t>> Step::attr_ints(std::string_view name) const {
  const auto* a = attribute(name);
  if (!a) return std::nullopt;
  return std::vector<std::int64_t>(a->ints().begin(), a->ints().end());
}

std::optional<std::vector<std::int64_t>> Step::attr_tensor(std::string_view name) const {
  constexpr std::size_t kMost = 4096;
  const auto* a = attribute(name);
  if (!a || !a->has_t()) return std::nullopt;
  return graph.payloads->integers(tensor_id(a->t()), kMost);
}

std::optional<std::vector<std::int64_t>> Step::ints_given(std::string_view name, std::size_t k) {
  if (auto list = attr_ints(name)) return list;
  if (!has(k)) return std::nullopt;
  return constants(k);
}

std::size_t Step::axis(std::int64_t axis, std::size_t rank) const {
  const auto n = static_cast<std::int64_t>(rank);
  if (axis < -n || axis >= n) throw NotUnderstood{"an axis out of range"};
  return static_cast<std::size_t>(axis < 0 ? axis + n : axis);
}

Axis Step::in_order(const Axis& axis) const {
  if (axis.order != kPlain) throw Contradiction{"positions have a meaning, and are renumbered"};
  return plain(axis.extent);
}

Axes Step::broadcast(const Axes& x, const Axes& y) const {
  const Axes &longer = x.size() >= y.size() ? x : y, &shorter = x.size() >= y.size() ? y : x;
  Axes out = longer;
  const std::size_t lead = longer.size() - shorter.size();
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    out[lead + i] = orders.meet(longer[lead + i], shorter[i]);
  }
  for (const Axes* operand : {&longer, &shorter}) {
    if (const auto leads = lead_of(*operand))
      follow(*operand, out[*leads + out.size() - operand->size()]);
  }
  return out;
}

std::optional<std::size_t> Step::lead_of(const Axes& operand) {
  const auto found = std::ranges::find_if(operand, [](const Axis& axis) { return axis.leads; });
  if (found == operand.end()) return std::nullopt;
  return static_cast<std::size_t>(found - operand.begin());
}

void Step::follow(const Axes& operand, const Axis& lead) const {
  const auto leads = lead_of(operand);
  for (const Axis& axis : operand) {
    if (leads) orders.must_follow(axis.order, operand[*leads], lead.order);
  }
}

void Step::must_share(const Axes& operand, std::size_t first, std::size_t last) const {
  const auto leads = lead_of(operand);
  if (!leads || *leads < first || *leads > last) return;
  for (std::size_t i = 0; i < operand.size(); ++i) {
    if (orders.is_fibred(operand[i].order) && (i < first || i > last)) {
      throw Contradiction{"elements are summed that are in different orders"};
    }
  }
}

Axis Step::equal_extents(const Axis& x, const Axis& y) const {
  if (x.extent == y.extent) return orders.meet(x, y);
  const bool x_known = terms.value(x.extent).has_value();
  if (x_known && terms.value(y.extent)) throw NotUnderstood{"extents that do not fit"};
  const Axis &known = x_known ? x : y, &open = x_known ? y : x;
  if (open.order == kPlain) return orders.meet(known, plain(known.extent));
  throw NotUnderstood{"a renumbered axis meets one of unknown extent"};
}

void Step::per_index(std::size_t k, const Axis& axis) const {
  if (!has(k)) return;
  const Axes& parameter = axes(k);
  if (std::ranges::all_of(parameter, [&](const Axis& a) { return is_unit(a); })) return;
  if (parameter.size() != 1) throw NotUnderstood{"a parameter of unlike shape"};
  equal_extents(parameter[0], axis);
}

std::pair<Axis, Axis> Step::divide(const Axis& axis, TermId major, TermId minor) const {
  const auto parts = divide_in_fibres(axis, major, minor);
  if (orders.is_fibred(parts.second.order)) {
    throw Contradiction{"an axis comes apart into axes that it is no product of"};
  }
  return parts;
}

std::pair<Axis, Axis> Step::divide_in_fibres(const Axis& axis, TermId major, TermId minor) const {
  const std::vector<TermId> to = {major, minor};
  const auto parts = orders.regroup(std::span(&axis, 1), to);
  return {parts[0], parts[1]};
}

Axis Step::product(const Axes& parts) const {
  TermId extent = terms.constant(1);
  for (const Axis& part : parts) extent = terms.multiply(extent, part.extent);
  return orders.regroup(parts, std::span(&extent, 1))[0];
}

Axis Step::cut(const Axis& axis, std::int64_t begin, std::int64_t end, std::int64_t step) const {
  std::vector<std::int64_t> positions;
  for (std::int64_t i = begin; step > 0 ? i < end : i > end; i += step) positions.push_back(i);
  return orders.select(axis, positions);
}

Axes Step::with_one(std::size_t k, std::size_t joint_axes) const {
  const Claim& c = claim(k);
  if (!c.axes || c.packed_bits != 0 || c.code != kPlain) {
    throw NotUnderstood{"several axes are renumbered at once"};
  }
  Axes out = unfibred(orders, *c.axes);
  Axis all = unit();
  if (c.joint) {
    if (out.size() - c.joint_from != joint_axes) throw NotUnderstood{"other axes are joint"};
    for (std::size_t i = c.joint_from; i < out.size(); ++i) {
      all.extent = terms.multiply(all.extent, out[i].extent);
    }
    all.order = orders.of(*c.joint);
    out.resize(c.joint_from);
  } else {
    for (std::size_t i = 0; i < joint_axes && !out.empty(); ++i) {
      if (!is_unit(out.back())) throw NotUnderstood{"several axes are renumbered at once"};
      out.pop_back();
    }
  }
  out.push_back(all);
  return out;
}

std::vector<TermId> Step::joint_extents(std::size_t k) const {
  std::vector<TermId> out;
  for (std::size_t i = claim(k).joint_from; i < claim(k).axes->size(); ++i) {
    out.push_back((*claim(k).axes)[i].extent);
  }
  return out;
}

void Step::out_joint(std::size_t k, Axes axes, const std::vector<TermId>& extents,
                     std::int32_t type) {
  const Axis all = axes.back();
  axes.pop_back();
  const std::size_t from = axes.size();
  for (const TermId extent : extents) axes.push_back(plain(extent));
  Claim& result = out(k, std::move(axes), type);
  if (all.order == kPlain) return;
  result.joint = std::make_shared<Index>(orders.index(all));
  result.joint_from = from;
}

Claim& Step::out(std::size_t k, Axes axes, std::int32_t type) {
  if (k >= results.size() || node.outputs[k] == kNone) return ignored_;
  const auto leads = std::ranges::count_if(axes, [](const Axis& axis) { return axis.leads; });
  const bool fibred = has_fibres(orders, axes);
  if (leads > 1 || (fibred && leads == 0)) {
    throw NotUnderstood{"an order that depends on another axis"};
  }
  if (!fibred) {
    for (Axis& axis : axes) axis.leads = false;
  }
  results[k].emplace();
  results[k]->axes = std::move(axes);
  results[k]->type = type;
  return *results[k];
}

}  // namespace permcrypt::proof
