#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/checked.h"
#include "infer/fold_operators.h"
#include "infer/small_tensor.h"

namespace permcrypt {

std::optional<std::int64_t> modulo(std::int64_t x, std::int64_t y) {
  if (y == 0 || y == -1) return y == 0 ? std::nullopt : std::optional<std::int64_t>(0);
  const std::int64_t r = x % y;
  return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}

namespace {

// Runtimes compute extents in single precision, where a Floor may come out otherwise than in
// double.
double single(double v) { return static_cast<double>(static_cast<float>(v)); }

struct Binary {
  std::optional<std::int64_t> (*ints)(std::int64_t, std::int64_t);
  double (*reals)(double, double);
  bool logical = false;  // the result is a boolean whatever the operands are
};

template <auto F>
std::optional<std::int64_t> checked(std::int64_t x, std::int64_t y) {
  std::int64_t out;
  return F(x, y, &out) ? std::nullopt : std::optional(out);
}

std::optional<std::int64_t> divide(std::int64_t x, std::int64_t y) {
  if (y == 0 || (x == INT64_MIN && y == -1)) return std::nullopt;
  return x / y;
}

std::optional<std::int64_t> power(std::int64_t x, std::int64_t y) {
  const double p = std::pow(static_cast<double>(x), static_cast<double>(y));
  if (!(std::abs(p) < 9e15)) return std::nullopt;
  return static_cast<std::int64_t>(p);
}

const std::unordered_map<std::string_view, Binary>& binaries() {
  using I = std::int64_t;
  using O = std::optional<std::int64_t>;
  static const std::unordered_map<std::string_view, Binary> table = {
      {"Add",
       {[](I x, I y) {
          return checked<[](I a, I b, I* o) { return __builtin_add_overflow(a, b, o); }>(x, y);
        },
        [](double x, double y) { return x + y; }}},
      {"Sub",
       {[](I x, I y) {
          return checked<[](I a, I b, I* o) { return __builtin_sub_overflow(a, b, o); }>(x, y);
        },
        [](double x, double y) { return x - y; }}},
      {"Mul",
       {[](I x, I y) {
          return checked<[](I a, I b, I* o) { return __builtin_mul_overflow(a, b, o); }>(x, y);
        },
        [](double x, double y) { return x * y; }}},
      {"Div", {divide, [](double x, double y) { return x / y; }}},
      {"Mod", {modulo, [](double x, double y) { return std::fmod(x, y); }}},
      {"Pow", {power, [](double x, double y) { return std::pow(x, y); }}},
      {"Min",
       {[](I x, I y) { return O(std::min(x, y)); },
        [](double x, double y) { return std::min(x, y); }}},
      {"Max",
       {[](I x, I y) { return O(std::max(x, y)); },
        [](double x, double y) { return std::max(x, y); }}},
      {"And", {[](I x, I y) { return O(x && y); }, nullptr, true}},
      {"Or", {[](I x, I y) { return O(x || y); }, nullptr, true}},
      {"Xor", {[](I x, I y) { return O(!x != !y); }, nullptr, true}},
      {"Equal",
       {[](I x, I y) { return O(x == y); }, [](double x, double y) { return double(x == y); },
        true}},
      {"Less",
       {[](I x, I y) { return O(x < y); }, [](double x, double y) { return double(x < y); }, true}},
      {"LessOrEqual",
       {[](I x, I y) { return O(x <= y); }, [](double x, double y) { return double(x <= y); },
        true}},
      {"Greater",
       {[](I x, I y) { return O(x > y); }, [](double x, double y) { return double(x > y); }, true}},
      {"GreaterOrEqual",
       {[](I x, I y) { return O(x >= y); }, [](double x, double y) { return double(x >= y); },
        true}},
  };
  return table;
}

std::optional<SmallTensor> apply_binary(const Binary& f, const SmallTensor& x,
                                        const SmallTensor& y) {
  if (x.integral != y.integral || (!x.integral && !f.reals)) return std::nullopt;
  const auto shape = broadcast_shape(x.shape, y.shape);
  if (!shape) return std::nullopt;
  SmallTensor out = SmallTensor{*shape, x.integral || f.logical, {}, {}};
  const auto ix = broadcast_index(x.shape, *shape), iy = broadcast_index(y.shape, *shape);
  if (!ix || !iy) return std::nullopt;
  for (std::size_t i = 0; i < ix->size(); ++i) {
    if (x.integral) {
      const auto v = f.ints(x.ints[(*ix)[i]], y.ints[(*iy)[i]]);
      if (!v) return std::nullopt;
      out.ints.push_back(*v);
    } else {
      const double v = f.reals(x.reals[(*ix)[i]], y.reals[(*iy)[i]]);
      if (f.logical) {
        out.ints.push_back(v != 0);
      } else {
        out.reals.push_back(single(v));
      }
    }
  }
  return out;
}

struct Unary {
  std::int64_t (*ints)(std::int64_t);
  double (*reals)(double);
};

const std::unordered_map<std::string_view, Unary>& unaries() {
  using I = std::int64_t;
  static const std::unordered_map<std::string_view, Unary> table = {
      {"Identity", {[](I x) { return x; }, [](double x) { return x; }}},
      {"Neg", {[](I x) { return x == INT64_MIN ? x : -x; }, [](double x) { return -x; }}},
      {"Abs",
       {[](I x) { return x < 0 && x != INT64_MIN ? -x : x; },
        [](double x) { return std::abs(x); }}},
      {"Sign",
       {[](I x) { return I((x > 0) - (x < 0)); },
        [](double x) { return double((x > 0) - (x < 0)); }}},
      {"Not", {[](I x) { return I(!x); }, nullptr}},
      {"Floor", {nullptr, [](double x) { return std::floor(x); }}},
      {"Ceil", {nullptr, [](double x) { return std::ceil(x); }}},
      {"Round", {nullptr, [](double x) { return std::nearbyint(x); }}},
      {"Sqrt", {nullptr, [](double x) { return std::sqrt(x); }}},
      {"Exp", {nullptr, [](double x) { return std::exp(x); }}},
      {"Log", {nullptr, [](double x) { return std::log(x); }}},
      {"Reciprocal", {nullptr, [](double x) { return 1 / x; }}},
  };
  return table;
}

std::optional<SmallTensor> apply_unary(const Unary& f, const SmallTensor& x) {
  if (x.integral ? !f.ints : !f.reals) return std::nullopt;
  SmallTensor out = x;
  if (x.integral) {
    std::transform(x.ints.begin(), x.ints.end(), out.ints.begin(), f.ints);
  } else {
    std::transform(x.reals.begin(), x.reals.end(), out.reals.begin(),
                   [&](double v) { return single(f.reals(v)); });
  }
  return out;
}

std::optional<SmallTensor> cast(const GraphNode& node, const SmallTensor& x) {
  using T = onnx::TensorProto;
  const std::int64_t to = int_attribute(node, "to", T::UNDEFINED);
  const bool real = to == T::FLOAT || to == T::DOUBLE || to == T::FLOAT16 || to == T::BFLOAT16;
  if (!real && to != T::BOOL && to != T::INT32 && to != T::INT64 && to != T::UINT8 &&
      to != T::INT8 && to != T::UINT32 && to != T::UINT64 && to != T::INT16 && to != T::UINT16) {
    return std::nullopt;
  }
  SmallTensor out{x.shape, !real, {}, {}};
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double r = x.integral ? static_cast<double>(x.ints[i]) : x.reals[i];
    if (real) {
      out.reals.push_back(single(r));
    } else if (to == T::BOOL) {
      out.ints.push_back(x.integral ? x.ints[i] != 0 : r != 0);
    } else if (x.integral) {
      out.ints.push_back(x.ints[i]);
    } else if (!(std::abs(r) < 9e18)) {
      return std::nullopt;
    } else {
      out.ints.push_back(static_cast<std::int64_t>(r));
    }
  }
  return out;
}

std::optional<SmallTensor> where(const SmallTensor& c, const SmallTensor& x, const SmallTensor& y) {
  if (!c.integral || x.integral != y.integral) return std::nullopt;
  const auto xy = broadcast_shape(x.shape, y.shape);
  const auto shape = xy ? broadcast_shape(c.shape, *xy) : std::nullopt;
  if (!shape) return std::nullopt;
  const auto ic = broadcast_index(c.shape, *shape), ix = broadcast_index(x.shape, *shape),
             iy = broadcast_index(y.shape, *shape);
  if (!ic || !ix || !iy) return std::nullopt;
  SmallTensor out{*shape, x.integral, {}, {}};
  for (std::size_t i = 0; i < ic->size(); ++i) {
    const bool first = c.ints[(*ic)[i]] != 0;
    append_element(out, first ? x : y, first ? (*ix)[i] : (*iy)[i]);
  }
  return out;
}

}  // namespace

std::optional<FoldResults> fold_elementwise(const GraphNode& node, FoldOperands in) {
  const bool complete = std::ranges::find(in, nullptr) == in.end();
  if (const auto it = binaries().find(node.op); it != binaries().end()) {
    if (!complete) return FoldResults();
    std::optional<SmallTensor> acc = *in[0];
    for (std::size_t i = 1; i < in.size() && acc; ++i) acc = apply_binary(it->second, *acc, *in[i]);
    return FoldResults{acc};
  }
  if (const auto it = unaries().find(node.op); it != unaries().end()) {
    return FoldResults{apply_unary(it->second, *in[0])};
  }
  if (node.op == "Cast") return FoldResults{cast(node, *in[0])};
  if (node.op != "Where") return std::nullopt;
  if (in.size() < 3 || !in[1] || !in[2]) return FoldResults();
  return FoldResults{where(*in[0], *in[1], *in[2])};
}

}  // namespace permcrypt
