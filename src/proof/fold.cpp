// Shape arithmetic: the integers that nodes compute of extents and constants.
#include <algorithm>
#include <string_view>

#include "base/checked.h"
#include "proof/definitions.h"
#include "proof/integer_operators.h"

namespace permcrypt::proof {
namespace {

using Values = std::optional<Ints>;
using Shape = std::vector<std::size_t>;

// REQUIRES: constant extents, as those of known elements are.
Shape shape_of(const Step& s, const Axes& axes) {
  Shape out;
  for (const Axis& axis : axes)
    out.push_back(static_cast<std::size_t>(*s.terms.value(axis.extent)));
  return out;
}

std::size_t count(const Shape& shape) {
  std::size_t n = 1;
  for (const std::size_t extent : shape) n *= extent;
  return n;
}

// Where element i of `shape` comes from in an operand that is broadcast to it.
std::size_t broadcast_source(std::size_t i, const Shape& shape, const Shape& operand) {
  std::size_t at = 0, stride = 1;
  for (std::size_t k = 0; k < shape.size(); ++k) {
    const std::size_t position = i % shape[shape.size() - 1 - k];
    i /= shape[shape.size() - 1 - k];
    if (k >= operand.size()) continue;
    const std::size_t extent = operand[operand.size() - 1 - k];
    if (extent != 1) at += position * stride;
    stride *= extent;
  }
  return at;
}

Values elementwise(Step& s, const Shape& shape, IntegerOperator f) {
  Values out;
  for (std::size_t k = 0; k < s.operands(); ++k) {
    const Ints& x = s.original_ints(k);
    const Shape own = shape_of(s, *s.claim(k).axes);
    Ints next;
    for (std::size_t i = 0; i < count(shape); ++i) {
      const TermId v = x[broadcast_source(i, shape, own)];
      next.push_back(out ? f(s.terms, (*out)[i], v) : v);
    }
    out = std::move(next);
  }
  return out;
}

Values where(Step& s, const Shape& shape) {
  const Ints &condition = s.original_ints(0), &yes = s.original_ints(1), &no = s.original_ints(2);
  const Shape c = shape_of(s, *s.claim(0).axes), y = shape_of(s, *s.claim(1).axes),
              n = shape_of(s, *s.claim(2).axes);
  Ints out;
  for (std::size_t i = 0; i < count(shape); ++i) {
    const auto known = s.terms.value(condition[broadcast_source(i, shape, c)]);
    const TermId a = yes[broadcast_source(i, shape, y)], b = no[broadcast_source(i, shape, n)];
    out.push_back(a == b ? a : known ? (*known != 0 ? a : b) : s.terms.unknown());
  }
  return out;
}

Values concat(Step& s, const Shape& shape) {
  const std::size_t axis = s.axis(s.attr("axis", 0), shape.size());
  std::size_t outer = 1;
  for (std::size_t k = 0; k < axis; ++k) outer *= shape[k];
  Ints out;
  for (std::size_t o = 0; o < outer; ++o) {
    for (std::size_t k = 0; k < s.operands(); ++k) {
      const Ints& x = s.original_ints(k);
      const std::size_t run = outer == 0 ? 0 : x.size() / outer;
      const auto begin = x.begin() + static_cast<std::ptrdiff_t>(o * run);
      out.insert(out.end(), begin, begin + static_cast<std::ptrdiff_t>(run));
    }
  }
  return out;
}

// The elements at some positions of one axis.
Ints take(const Ints& x, const Shape& shape, std::size_t axis,
          const std::vector<std::int64_t>& positions) {
  std::size_t outer = 1, inner = 1;
  for (std::size_t k = 0; k < axis; ++k) outer *= shape[k];
  for (std::size_t k = axis + 1; k < shape.size(); ++k) inner *= shape[k];
  Ints out;
  for (std::size_t o = 0; o < outer; ++o) {
    for (const std::int64_t p : positions) {
      const std::size_t begin = (o * shape[axis] + static_cast<std::size_t>(p)) * inner;
      for (std::size_t i = 0; i < inner; ++i) out.push_back(x[begin + i]);
    }
  }
  return out;
}

// begin, begin + step, ... before `end`.
std::vector<std::int64_t> counted(std::int64_t begin, std::int64_t end, std::int64_t step) {
  std::vector<std::int64_t> out;
  std::optional<std::int64_t> i = begin;
  for (; i && (step > 0 ? *i < end : *i > end); i = checked_add(*i, step)) out.push_back(*i);
  return out;
}

Values gather(Step& s) {
  const Shape shape = shape_of(s, *s.claim(0).axes);
  const std::size_t axis = s.axis(s.attr("axis", 0), shape.size());
  const auto n = static_cast<std::int64_t>(shape[axis]);
  std::vector<std::int64_t> positions;
  for (const TermId position : s.original_ints(1)) {
    const auto i = s.terms.value(position);
    if (!i || *i < -n || *i >= n) return std::nullopt;
    positions.push_back(*i < 0 ? *i + n : *i);
  }
  return take(s.original_ints(0), shape, axis, positions);
}

// Along one axis.
Values slice(Step& s) {
  const Shape shape = shape_of(s, *s.claim(0).axes);
  const auto starts = s.ints_given("starts", 1), ends = s.ints_given("ends", 2);
  const auto axes = s.ints_given("axes", 3);
  if (!starts || !ends || starts->size() != 1 || ends->size() != 1 || (axes && axes->size() != 1)) {
    return std::nullopt;
  }
  const std::size_t axis = s.axis(axes ? axes->front() : 0, shape.size());
  const std::int64_t step = s.has(4) ? s.integer(4) : 1;
  const auto n = static_cast<std::int64_t>(shape[axis]);
  const auto clamp = [&](std::int64_t i, std::int64_t low, std::int64_t high) {
    return i < -n ? low : std::clamp(i < 0 ? i + n : i, low, high);
  };
  std::vector<std::int64_t> positions;
  if (step > 0) {
    positions = counted(clamp(starts->front(), 0, n), clamp(ends->front(), 0, n), step);
  } else if (step < 0 && n > 0) {
    positions = counted(clamp(starts->front(), 0, n - 1), clamp(ends->front(), -1, n - 1), step);
  }
  return take(s.original_ints(0), shape, axis, positions);
}

Values shape_values(Step& s) {
  const Axes& axes = *s.claim(0).axes;
  const auto n = static_cast<std::int64_t>(axes.size());
  const auto bound = [&](std::string_view name, std::int64_t otherwise) {
    const std::int64_t i = s.attr(name, otherwise);
    return std::clamp(i < 0 ? i + n : i, std::int64_t{0}, n);
  };
  Ints out;
  for (std::int64_t k = bound("start", 0); k < bound("end", n); ++k) {
    out.push_back(axes[static_cast<std::size_t>(k)].extent);
  }
  return out;
}

Values range(Step& s) {
  const auto start = s.terms.value(s.original_ints(0).at(0)),
             step = s.terms.value(s.original_ints(2).at(0)),
             limit = s.terms.value(s.original_ints(1).at(0));
  if (!start || !step || !limit || *step == 0) return std::nullopt;
  Ints out;
  for (const std::int64_t i : counted(*start, *limit, *step)) out.push_back(s.terms.constant(i));
  return out;
}

Values transpose(Step& s, const Shape& shape) {
  const Shape old = shape_of(s, *s.claim(0).axes);
  std::vector<std::int64_t> perm;
  for (std::size_t k = old.size(); k-- > 0;) perm.push_back(static_cast<std::int64_t>(k));
  perm = s.attr_ints("perm").value_or(perm);
  Shape strides(old.size(), 1);
  for (std::size_t k = old.size(); k-- > 1;) strides[k - 1] = strides[k] * old[k];
  Ints out;
  for (std::size_t i = 0; i < count(shape); ++i) {
    std::size_t at = 0, rest = i;
    for (std::size_t k = shape.size(); k-- > 0;) {
      at += rest % shape[k] * strides[static_cast<std::size_t>(perm[k])];
      rest /= shape[k];
    }
    out.push_back(s.original_ints(0)[at]);
  }
  return out;
}

Values expand(Step& s, const Shape& shape) {
  const Shape own = shape_of(s, *s.claim(0).axes);
  Ints out;
  for (std::size_t i = 0; i < count(shape); ++i) {
    out.push_back(s.original_ints(0)[broadcast_source(i, shape, own)]);
  }
  return out;
}

Values filled(Step& s, const Shape& shape) {
  const auto value = s.attr_tensor("value");
  if (s.attribute("value") && (!value || value->size() != 1)) return std::nullopt;
  return Ints(count(shape), s.terms.constant(value ? (*value)[0] : 0));
}

Values negated(Step& s) {
  Ints out;
  for (const TermId x : s.original_ints(0)) out.push_back(s.terms.subtract(s.terms.constant(0), x));
  return out;
}

Values inverted(Step& s) {
  Ints out;
  for (const TermId x : s.original_ints(0)) out.push_back(s.terms.subtract(s.terms.constant(1), x));
  return out;
}

Values product(Step& s) {
  if (s.attr("axes", -1) >= 0) return std::nullopt;
  TermId out = s.terms.constant(1);
  for (const TermId x : s.original_ints(0)) out = s.terms.multiply(out, x);
  return Ints{out};
}

Values listed(Step& s) {
  if (const auto* a = s.attribute("value_int")) return Ints{s.terms.constant(a->i())};
  const auto list = s.attr_ints("value_ints");
  if (!list) return std::nullopt;
  Ints out;
  for (const std::int64_t x : *list) out.push_back(s.terms.constant(x));
  return out;
}

bool keeps_elements(std::string_view op) {
  static constexpr std::string_view kOps[] = {"Identity", "Reshape",   "Flatten",
                                              "Squeeze",  "Unsqueeze", "Cast"};
  return std::ranges::find(kOps, op) != std::end(kOps);
}

Values fold_known(Step& s, const Shape& shape) {
  using T = onnx::TensorProto;
  const std::string_view op = s.node.op;
  if (op == "Cast" && s.attr("to", 0) == T::BOOL && s.type(0) != T::BOOL) return std::nullopt;
  if (keeps_elements(op)) return s.original_ints(0);
  if (const auto f = integer_operator(op)) return elementwise(s, shape, f);
  if (op == "Shape") return shape_values(s);
  if (op == "Concat") return concat(s, shape);
  if (op == "Gather") return gather(s);
  if (op == "Slice") return slice(s);
  if (op == "Where") return where(s, shape);
  if (op == "Range") return range(s);
  if (op == "Transpose") return transpose(s, shape);
  if (op == "Expand") return expand(s, shape);
  if (op == "ConstantOfShape") return filled(s, shape);
  if (op == "Neg") return negated(s);
  if (op == "Not") return inverted(s);
  if (op == "ReduceProd" && shape.empty()) return product(s);
  if (op == "Constant") return listed(s);
  return std::nullopt;
}

}  // namespace

std::optional<Ints> fold(Step& s) {
  if (!s.node.domain.empty()) return std::nullopt;
  try {
    const Shape shape = shape_of(s, *s.results[0]->axes);
    auto out = fold_known(s, shape);
    if (out && out->size() != count(shape)) return std::nullopt;
    return out;
  } catch (const NotUnderstood&) {
    return std::nullopt;  // an operand's elements are not known
  }
}

}  // namespace permcrypt::proof
