#include "verify/tolerance.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

namespace permcrypt {
namespace {

using T = onnx::TensorProto;

constexpr double kQuantisationStep = 0.05;  // one flipped 8-bit rounding
constexpr double kLargest = 8;              // the largest of many errors, in their deviations
constexpr double kCeiling = 0.1;            // beyond this an error is no rounding

bool rounds_to_steps(std::string_view op) {
  return op.starts_with("QLinear") || op.starts_with("DynamicQuantize") || op == "QuantizeLinear" ||
         op == "QGemm" || op == "QAttention" || op == "MatMulNBits";
}

}  // namespace

Tolerance derive_tolerance(const onnx::ModelProto& structure, const Plan& plan) {
  double unit = std::ldexp(1, -24);
  std::string unit_text = "2^-24";
  const auto narrow = [&](int type) {
    if (type == T::FLOAT16 && unit < std::ldexp(1, -11))
      unit = std::ldexp(1, -11), unit_text = "2^-11";
    if (type == T::BFLOAT16) unit = std::ldexp(1, -8), unit_text = "2^-8";
  };
  for (const auto& t : structure.graph().initializer()) narrow(t.data_type());
  for (const auto& v : structure.graph().input()) narrow(v.type().tensor_type().elem_type());
  double nodes = 0, rounding = 0;
  std::vector<const onnx::GraphProto*> open{&structure.graph()};
  while (!open.empty()) {
    const onnx::GraphProto& graph = *open.back();
    open.pop_back();
    for (const auto& node : graph.node()) {
      ++nodes;
      rounding += rounds_to_steps(node.op_type());
      for (const auto& attribute : node.attribute()) {
        if (attribute.has_g()) open.push_back(&attribute.g());
      }
    }
  }
  double terms = 1;
  for (const PlanGroup& group : plan.groups)
    terms = std::max(terms, static_cast<double>(group.size));
  Tolerance out;
  out.rounding = kLargest * unit;
  out.value = out.rounding * std::sqrt(terms * std::max(nodes, 1.0));
  out.derivation =
      fmt::format("{} x {} x sqrt({:.0f} terms x {:.0f} nodes)", kLargest, unit_text, terms, nodes);
  if (rounding > 0) {
    out.value = std::max(out.value, kQuantisationStep * std::sqrt(rounding));
    out.derivation += fmt::format(", at least {} x sqrt({:.0f} operators that round to steps)",
                                  kQuantisationStep, rounding);
  }
  if (out.value > kCeiling) out.derivation += fmt::format(", at most {}", kCeiling);
  out.value = std::min(out.value, kCeiling);
  return out;
}

}  // namespace permcrypt
