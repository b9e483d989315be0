#include "infer/analysed.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <random>
#include <stdexcept>

#include "base/temp_folder.h"
#include "plan/axis_mapping.h"

namespace permcrypt::testing {
namespace {

template <class Value>
Value checked(Result<Value> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return *std::move(result);
}

bool is_factor(const AxisStore& axes, ExprId e) { return axes.kind(e) == AxisStore::Kind::kFactor; }

}  // namespace

Analysed::Analysed(OneNode one, const RuleBook* rules) : one_(std::move(one)) {
  const test::TempFolder folder;
  model_ = checked(read_model(folder.write("model.onnx", one_.model.SerializeAsString())));
  payloads_ = std::make_unique<PayloadReader>(model_);
  graph_ = checked(build_graph(model_, *payloads_));
  InferOptions options;
  options.free_interface = true;
  options.opaque_caches = false;
  options.rules = rules;
  inference_ = checked(infer(graph_, options));
}

ValueId Analysed::value(std::string_view name) const {
  for (ValueId id = 0; id < graph_.values.size(); ++id) {
    if (graph_.values[id].name == name) return id;
  }
  throw std::runtime_error("no value " + std::string(name));
}

std::string Analysed::axis_text(ExprId axis, bool within_product) {
  AxisStore& axes = inference_.axes;
  axis = axes.resolve(axis);
  if (is_factor(axes, axis)) {
    if (axes.size(axis) == 1) return "1";
    if (!axes.is_free(axis)) return "!" + std::to_string(axes.size(axis));
    const std::size_t n = letters_.size();
    const auto next = static_cast<char>('a' + n % 26) + (n < 26 ? "" : std::to_string(n / 26));
    return letters_.emplace(axis, next).first->second;
  }
  const bool product = axes.kind(axis) == AxisStore::Kind::kProduct;
  const auto span = axes.parts(axis);
  const std::vector<ExprId> parts(span.begin(), span.end());
  std::string text;
  for (const ExprId part : parts) {
    if (!text.empty()) text += product ? "*" : "+";
    text += axis_text(part, product);
  }
  return within_product && !product ? "(" + text + ")" : text;
}

std::string Analysed::value_text(ValueId id) {
  const ValueFacts& facts = inference_.values[id];
  std::string text = graph_.values[id].name + "[";
  for (const Axis& axis : facts.axes) {
    if (text.back() != '[') text += ",";
    text += axis.dynamic() ? "?" : axis_text(axis.expr, false);
  }
  text += facts.known ? "]" : "..]";
  if (facts.coordinates != kNone) text += "=" + axis_text(facts.coordinates, false);
  return text;
}

// Those of the node, then what its bodies can see of the main graph.
std::vector<ValueId> Analysed::operands() const {
  std::vector<ValueId> out;
  std::ranges::copy_if(node().inputs, std::back_inserter(out),
                       [](ValueId v) { return v != kNone; });
  if (node().subs.empty()) return out;
  const auto& inputs = graph_.bodies[0].inputs;
  for (ValueId id = 0; id < graph_.values.size(); ++id) {
    const bool outermost = graph_.values[id].scope.empty() && graph_.values[id].tensor != kNone;
    const bool given = outermost || std::ranges::find(inputs, id) != inputs.end();
    if (given && std::ranges::find(out, id) == out.end()) out.push_back(id);
  }
  return out;
}

std::string Analysed::structure() {
  std::string text;
  for (const ValueId id : operands()) text += value_text(id) + " ";
  text += "->";
  for (const ValueId id : node().outputs) {
    if (id != kNone) text += " " + value_text(id);
  }
  for (const auto& [why, count] : inference_.gave_up) text += " gave up: " + why;
  return text;
}

std::set<std::string> Analysed::reasons() {
  std::set<std::string> out;
  AxisStore& axes = inference_.axes;
  std::vector<ValueId> values = operands();
  std::ranges::copy_if(node().outputs, std::back_inserter(values),
                       [](ValueId v) { return v != kNone; });
  for (const ValueId id : values) {
    for (const Axis& axis : inference_.values[id].axes) {
      for (const ExprId f : axes.factors(axis.expr)) {
        if (axes.size(f) > 1 && !axes.is_free(f)) out.insert(axes.why(f));
      }
    }
  }
  return out;
}

std::string Analysed::partition() {
  std::map<std::string, ValueId> constants;
  for (ValueId id = 0; id < graph_.values.size(); ++id) {
    const GraphValue& value = graph_.values[id];
    if (value.tensor != kNone) constants.emplace(value.scope + value.name.str(), id);
  }
  AxisStore& axes = inference_.axes;
  std::map<ExprId, std::uint32_t> group_of;
  const auto text_of = [&](ExprId axis) {
    for (const ExprId f : axes.factors(axis)) {
      if (axes.is_free(f)) group_of.try_emplace(f, static_cast<std::uint32_t>(group_of.size()));
    }
    return " " + to_string(map_axis(axes, axis, group_of));
  };
  std::string text;
  for (const auto& [name, id] : constants) {
    const ValueFacts& facts = inference_.values[id];
    text += name + ":";
    for (const Axis& axis : facts.axes) text += text_of(axis.expr);
    if (facts.coordinates != kNone) text += " at" + text_of(facts.coordinates);
    text += "\n";
  }
  return text;
}

std::map<ExprId, Permutation> Analysed::random_permutations(std::uint32_t seed) {
  std::mt19937 random(seed);
  std::map<ExprId, Permutation> out;
  AxisStore& axes = inference_.axes;
  const auto add = [&](ExprId axis) {
    for (const ExprId f : axes.factors(axis)) {
      if (!axes.is_free(f) || out.contains(f)) continue;
      std::vector<std::uint32_t> order(static_cast<std::size_t>(axes.size(f)));
      std::iota(order.begin(), order.end(), 0U);
      if (order.size() == 2) {  // there are but two: turn factor k where bit `seed` of k + 1 is set
        if ((out.size() + 1) >> (seed - 1) & 1) std::swap(order[0], order[1]);
      } else {
        std::shuffle(order.begin(), order.end(), random);
        if (std::ranges::is_sorted(order)) std::ranges::reverse(order);
      }
      out.emplace(f, Permutation(std::move(order)));
    }
  };
  for (const ValueFacts& facts : inference_.values) {
    for (const Axis& axis : facts.axes) add(axis.expr);
    if (facts.coordinates != kNone) add(facts.coordinates);
  }
  return out;
}

// permuted() numbers the places of a value along a product of all its axes.
bool Analysed::can_be_renumbered(const Fibre& fibre) {
  const Parents parents{{fibre.factor, fibre.parent}};
  const auto fits = [&](ValueId id) {
    const auto packed = inference_.views.find(id);
    if (packed != inference_.views.end() &&
        packed->second.row_stride != packed->second.shape.back()) {
      return false;
    }
    std::vector<ExprId> axes;
    for (const Axis& axis : inference_.values[id].axes) {
      if (axis.dynamic()) return false;
      axes.push_back(axis.expr);
    }
    return fibres_fit(inference_.axes, inference_.axes.product(axes), parents);
  };
  const GraphBody& main = graph_.bodies.at(0);
  if (!std::ranges::all_of(main.inputs, fits) || !std::ranges::all_of(main.outputs, fits)) {
    return false;
  }
  for (ValueId id = 0; id < graph_.values.size(); ++id) {
    if (graph_.values[id].tensor != kNone && !fits(id)) return false;
  }
  return true;
}

std::vector<Fibre> Analysed::possible_fibres(PassesFibres passes) {
  Groups group_of;
  for (const auto& [factor, permutation] : random_permutations(1)) {
    group_of.emplace(factor, static_cast<std::uint32_t>(group_of.size()));
  }
  LockedGraph locked{graph_, inference_, {}, {}, {}};
  std::vector<Fibre> out = permcrypt::possible_fibres(locked, group_of, passes);
  inference_ = std::move(locked.inference);
  std::erase_if(out, [&](const Fibre& fibre) { return !can_be_renumbered(fibre); });
  return out;
}

void Analysed::add_fibres(const Fibre& fibre, std::uint32_t seed,
                          std::map<ExprId, Permutation>& permutations) {
  parents_ = {{fibre.factor, fibre.parent}};
  std::mt19937 random(seed);
  std::vector<std::uint32_t> order(static_cast<std::size_t>(inference_.axes.size(fibre.factor)));
  std::iota(order.begin(), order.end(), 0U);
  Permutation all;
  for (std::int64_t k = 0; k < inference_.axes.size(fibre.parent); ++k) {
    const std::vector<std::uint32_t> last = order;
    while (order == last) std::ranges::shuffle(order, random);
    all = Permutation::sum(all, Permutation(order));
  }
  permutations[fibre.factor] = all;
}

}  // namespace permcrypt::testing
