// Numbers and their scales.
#include <algorithm>

#include "proof/definitions.h"

namespace permcrypt::proof {
namespace {

using T = onnx::TensorProto;

// Scale and zero point are one number, one for each index of an axis, or one for each block of it.
void fit_scales(const Step& s, const Axes& x, std::size_t k) {
  if (!s.has(k)) return;
  const Axes& scale = s.axes(k);
  if (std::ranges::all_of(scale, [&](const Axis& a) { return s.is_unit(a); })) return;
  const std::size_t along = s.axis(s.attr("axis", 1), x.size());
  const std::int64_t block = s.attr("block_size", 0);
  if (block == 0) return s.per_index(k, x[along]);
  if (scale.size() != x.size()) throw NotUnderstood{"blocks of another rank"};
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (i != along) {
      s.equal_extents(x[i], scale[i]);
    } else {
      s.equal_extents(s.orders.runs(x[i], block), scale[i]);
    }
  }
}

// Of joint axes, with single numbers for scale and zero point.
bool quantise_jointly(Step& s, std::int32_t type) {
  if (!s.is_joint(0)) return false;
  for (const std::size_t k : {1, 2}) {
    if (s.has(k) && !std::ranges::all_of(s.axes(k), [&](const Axis& a) { return s.is_unit(a); })) {
      throw NotUnderstood{"several axes are renumbered at once"};
    }
  }
  s.out_joint(0, s.with_one(0, s.joint_axes(0)), s.joint_extents(0), type);
  return true;
}

void quantise(Step& s) {
  const auto asked = static_cast<std::int32_t>(s.attr("output_dtype", 0));
  const std::int32_t type = asked != 0 ? asked : s.has(2) ? s.type(2) : T::UINT8;
  if (quantise_jointly(s, type)) return;
  for (const std::size_t k : {1, 2}) fit_scales(s, s.fibred_axes(0), k);
  s.out(0, s.fibred_axes(0), type);
}

void dequantise(Step& s) {
  if (quantise_jointly(s, s.type(1))) return;
  for (const std::size_t k : {1, 2}) fit_scales(s, s.fibred_axes(0), k);
  s.out(0, s.fibred_axes(0), s.type(1));
}

// The scale comes of the least and the largest element.
void dynamic_quantise(Step& s) {
  if (!quantise_jointly(s, T::UINT8)) s.out(0, s.fibred_axes(0), T::UINT8);
  s.out(1, {}, T::FLOAT);
  s.out(2, {}, T::UINT8);
}

// x, scale, zero, y, scale, zero, scale, zero
void qlinear_binary(Step& s) {
  for (const std::size_t k : {1, 2, 4, 5, 6, 7}) s.must_be_plain(k);
  s.out(0, s.broadcast(s.fibred_axes(0), s.fibred_axes(3)), s.type(0));
}

// x, scale, zero, scale, zero
void qlinear_unary(Step& s) {
  for (std::size_t k = 1; k < 5; ++k) s.must_be_plain(k);
  s.out(0, s.axes(0), s.type(0));
}

// scale, zero, then x, scale, zero for each arm
void qlinear_concat(Step& s) {
  Axes joined;
  const std::size_t k = s.axis(s.attr("axis", 0), s.rank(2));
  Axes out = s.axes(2);
  for (std::size_t i = 2; i < s.operands(); i += 3) {
    joined.push_back(s.axes(i).at(k));
    for (std::size_t j = 0; j < out.size(); ++j) {
      if (j != k) out[j] = s.equal_extents(out[j], s.axes(i).at(j));
    }
    for (const std::size_t parameter : {i + 1, i + 2}) s.must_be_plain(parameter);
  }
  out[k] = s.orders.concatenate(joined);
  s.out(0, std::move(out), s.type(2));
}

const Entry kEntries[] = {
    {"", "QuantizeLinear", quantise},
    {"", "DequantizeLinear", dequantise},
    {"com.microsoft", "QuantizeLinear", quantise},
    {"com.microsoft", "DequantizeLinear", dequantise},
    {"", "DynamicQuantizeLinear", dynamic_quantise},
    {"com.microsoft", "QLinearAdd", qlinear_binary},
    {"com.microsoft", "QLinearMul", qlinear_binary},
    {"com.microsoft", "QLinearSoftmax", qlinear_unary},
    {"com.microsoft", "QLinearSigmoid", qlinear_unary},
    {"com.microsoft", "QLinearLeakyRelu", qlinear_unary},
    {"com.microsoft", "QLinearConcat", qlinear_concat},
};

}  // namespace

std::span<const Entry> quantisation_definitions() { return kEntries; }

}  // namespace permcrypt::proof
