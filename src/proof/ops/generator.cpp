// Operators that make tensors out of a shape or of nothing.
#include "proof/definitions.h"

namespace permcrypt::proof {
namespace {

using T = onnx::TensorProto;

void constant(Step& s) {
  if (s.attribute("value_int")) {
    s.out(0, {}, T::INT64);
  } else if (const auto list = s.attr_ints("value_ints")) {
    s.out(0, {s.counted(static_cast<std::int64_t>(list->size()))}, T::INT64);
  } else if (s.attribute("value_float")) {
    s.out(0, {}, T::FLOAT);
  } else if (const auto* floats = s.attribute("value_floats")) {
    s.out(0, {s.counted(floats->floats_size())}, T::FLOAT);
  } else {
    throw NotUnderstood{"a constant of another kind"};
  }
}

void filled(Step& s) {
  Axes out;
  for (const TermId extent : s.ints(0)) out.push_back(s.repeated(extent));  // not negative
  const auto* value = s.attribute("value");
  s.out(0, std::move(out), value ? value->t().data_type() : T::FLOAT);
}

void range(Step& s) {
  for (std::size_t k = 0; k < 3; ++k) s.must_be_plain(k);
  const auto one = [&](std::size_t k) -> std::optional<TermId> {
    const auto& ints = s.claim(k).ints;
    return ints && ints->size() == 1 ? std::optional(ints->front()) : std::nullopt;
  };
  const auto start = one(0), limit = one(1), step = one(2);
  TermId extent = s.terms.unknown_extent();
  if (start && limit && step) {
    const TermId whole = s.terms.subtract(*limit, *start);
    const auto exact = s.terms.divide_exactly(whole, *step);
    const auto a = s.terms.value(whole), b = s.terms.value(*step);
    if (a && b && *b != 0 && *b != -1) {
      const std::int64_t n = *a / *b + (*a % *b != 0 && (*a > 0) == (*b > 0) ? 1 : 0);
      extent = s.terms.constant(n < 0 ? 0 : n);
    } else if (exact && s.terms.nonnegative(*exact)) {
      extent = *exact;
    } else {
      extent = s.terms.function("range", {*start, *limit, *step}, true);
    }
  }
  s.out(0, {s.plain(extent)}, s.type(0));
}

// A diagonal, whatever the order of the matrix that gives its shape.
void eye_like(Step& s) {
  Axes out;
  for (const Axis& axis : s.fibred_axes(0)) out.push_back(s.plain(axis.extent));
  s.out(0, std::move(out), static_cast<std::int32_t>(s.attr("dtype", s.type(0))));
}

const Entry kEntries[] = {
    {"", "Constant", constant},
    {"", "ConstantOfShape", filled},
    {"", "Range", range},
    {"com.microsoft", "Range", range},
    {"", "EyeLike", eye_like},
};

}  // namespace

std::span<const Entry> generator_definitions() { return kEntries; }

}  // namespace permcrypt::proof
