// Sums of products: result axes come from operands, contracted axes must meet in one order.
#include <algorithm>
#include <map>

#include "proof/definitions.h"

namespace permcrypt::proof {
namespace {

using T = onnx::TensorProto;

Axes front(const Axes& axes, std::size_t drop) {
  return {axes.begin(), axes.end() - static_cast<std::ptrdiff_t>(drop)};
}

// Along the contracted axis, elements of x and y meet that are at one position of the axes that
// lead: there may be one in the batch, and it is the same.
void contract(const Step& s, const Axes& x, const Axes& y) {
  s.equal_extents(x.back(), y[y.size() - 2]);
  const auto lead_x = s.lead_of(x), lead_y = s.lead_of(y);
  if (!lead_x || !lead_y) return;
  const bool batch = *lead_x + 2 < x.size() && *lead_y + 2 < y.size();
  if (!batch || x.size() - *lead_x != y.size() - *lead_y) {
    throw NotUnderstood{"orders that depend on different axes"};
  }
}

// x[.., i, k] * y[.., k, j], either one transposed.
Axes matrix_product(const Step& s, Axes x, Axes y, bool transpose_x = false,
                    bool transpose_y = false) {
  if (x.empty() || y.empty()) throw NotUnderstood{"a product of numbers"};
  const bool row = x.size() == 1, column = y.size() == 1;
  if (row) x.insert(x.begin(), s.unit());
  if (column) y.push_back(s.unit());
  if (transpose_x && !row) std::swap(x[x.size() - 1], x[x.size() - 2]);
  if (transpose_y && !column) std::swap(y[y.size() - 1], y[y.size() - 2]);
  contract(s, x, y);
  Axes out = s.broadcast(front(x, 2), front(y, 2));
  for (const Axes* operand : {&x, &y}) {
    const auto lead = s.lead_of(*operand);
    if (lead && *lead + 2 < operand->size())
      s.follow(*operand, out[*lead + out.size() + 2 - operand->size()]);
  }
  if (!row) out.push_back(x[x.size() - 2]);
  if (!column) out.push_back(y.back());
  return out;
}

void matmul(Step& s) { s.out(0, matrix_product(s, s.fibred_axes(0), s.fibred_axes(1)), s.type(0)); }

void fused_matmul(Step& s) {
  if (s.attr("transBatchA", 0) != 0 || s.attr("transBatchB", 0) != 0) {
    throw NotUnderstood{"transposed batches"};
  }
  s.out(0,
        matrix_product(s, s.fibred_axes(0), s.fibred_axes(1), s.attr("transA", 0) != 0,
                       s.attr("transB", 0) != 0),
        s.type(0));
}

Axes gemm_axes(const Step& s, std::size_t x, std::size_t y, std::size_t bias) {
  if (s.rank(x) != 2 || s.rank(y) != 2) throw NotUnderstood{"no matrices"};
  Axes out =
      matrix_product(s, s.axes(x), s.axes(y), s.attr("transA", 0) != 0, s.attr("transB", 0) != 0);
  return s.has(bias) ? s.broadcast(out, s.axes(bias)) : out;
}

void gemm(Step& s) { s.out(0, gemm_axes(s, 0, 1, 2), s.type(0)); }

// Per-tensor numbers, or one for each row of x or column of y.
void row_parameter(const Step& s, std::size_t k, const Axes& x) {
  if (x.size() >= 2) s.per_index(k, x[x.size() - 2]);
}
void column_parameter(const Step& s, std::size_t k, const Axes& y) {
  if (!y.empty()) s.per_index(k, y.back());
}

void matmul_integer(Step& s) {
  const Axes &x = s.fibred_axes(0), &y = s.fibred_axes(1);
  row_parameter(s, 2, x);
  column_parameter(s, 3, y);
  s.out(0, matrix_product(s, x, y), T::INT32);
}

// x, scale, zero, y, scale, zero, scale, zero
void qlinear_matmul(Step& s) {
  const Axes &x = s.fibred_axes(0), &y = s.fibred_axes(3);
  for (const std::size_t k : {1, 2}) row_parameter(s, k, x);
  for (const std::size_t k : {4, 5}) column_parameter(s, k, y);
  const Axes out = matrix_product(s, x, y);
  for (const std::size_t k : {6, 7}) row_parameter(s, k, out);
  s.out(0, out, s.type(7));
}

// x, scale, zero, y, scale, zero, bias, scale, zero
void qgemm(Step& s) {
  for (const std::size_t k : {1, 2, 7, 8}) s.must_be_plain(k);
  const Axes out = gemm_axes(s, 0, 3, 6);
  for (const std::size_t k : {4, 5}) s.per_index(k, out[1]);
  s.out(0, out, s.has(8) ? s.type(8) : T::FLOAT);
}

// x, y, scale of x, scale of y, zero of x, zero of y, bias
void matmul_integer_to_float(Step& s) {
  row_parameter(s, 2, s.axes(0));
  row_parameter(s, 4, s.axes(0));
  column_parameter(s, 3, s.axes(1));
  column_parameter(s, 5, s.axes(1));
  const Axes out = matrix_product(s, s.axes(0), s.axes(1));
  column_parameter(s, 6, out);
  s.out(0, out, s.type(2));
}

// x, y, scale of y, zero of y, bias; the scale of x is that of the whole tensor
void dynamic_quantize_matmul(Step& s) {
  column_parameter(s, 2, s.axes(1));
  column_parameter(s, 3, s.axes(1));
  const Axes out = matrix_product(s, s.axes(0), s.axes(1));
  column_parameter(s, 4, out);
  s.out(0, out, T::FLOAT);
}

// x[i, k], y[j, k] -> [i, j]
void distances(Step& s) {
  if (s.rank(0) != 2 || s.rank(1) != 2) throw NotUnderstood{"no matrices"};
  s.equal_extents(s.axes(0)[1], s.axes(1)[1]);
  s.out(0, {s.axes(0)[0], s.axes(1)[0]}, s.type(0));
}

// What renumbers rows and columns alike leaves the determinant as it is.
void determinant(Step& s) {
  Axes out = s.axes(0);
  if (out.size() < 2) throw NotUnderstood{"no matrix"};
  s.equal_extents(out[out.size() - 2], out.back());
  s.out(0, front(out, 2), s.type(0));
}

// The rows of the inverse are numbered as the columns of the matrix.
void inverse(Step& s) {
  Axes out = s.axes(0);
  if (out.size() < 2) throw NotUnderstood{"no matrix"};
  std::swap(out[out.size() - 2], out.back());
  s.out(0, std::move(out), s.type(0));
}

// x, y, bias
void matmul_gelu(Step& s) {
  const Axes out = matrix_product(s, s.axes(0), s.axes(1));
  if (!out.empty()) column_parameter(s, 2, out);
  s.out(0, out, s.type(0));
}

struct Equation {
  std::vector<std::string> operands;
  std::string result;
};

Equation parse(const Step& s) {
  Equation out;
  std::string text = s.attr_text("equation", ""), current;
  std::erase(text, ' ');
  const auto arrow = text.find("->");
  if (arrow == std::string::npos) throw NotUnderstood{"an equation without a result"};
  for (const char c : text.substr(0, arrow) + ",") {
    if (c != ',') {
      current += c;
    } else {
      out.operands.push_back(std::move(current));
      current.clear();
    }
  }
  out.result = text.substr(arrow + 2);
  if (text.find("...") != std::string::npos) throw NotUnderstood{"an equation with an ellipsis"};
  return out;
}

void einsum(Step& s) {
  const Equation equation = parse(s);
  std::map<char, Axis> letters;
  for (std::size_t k = 0; k < s.operands(); ++k) {
    const std::string& names = equation.operands.at(k);
    const Axes& axes = s.fibred_axes(k);
    if (names.size() != axes.size()) throw NotUnderstood{"an equation of another rank"};
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto [it, inserted] = letters.try_emplace(names[i], axes[i]);
      if (!inserted) it->second = s.orders.meet(it->second, axes[i]);
    }
  }
  if (std::ranges::count_if(letters, [](const auto& x) { return x.second.leads; }) > 1) {
    throw NotUnderstood{"orders that depend on different axes"};
  }
  for (std::size_t k = 0; k < s.operands(); ++k) {
    const Axes& axes = s.fibred_axes(k);
    if (const auto lead = s.lead_of(axes)) s.follow(axes, letters.at(equation.operands[k][*lead]));
  }
  Axes out;
  for (const char c : equation.result) out.push_back(letters.at(c));
  s.out(0, std::move(out), s.type(0));
}

const Entry kEntries[] = {
    {"", "MatMul", matmul},
    {"", "Gemm", gemm},
    {"", "Einsum", einsum},
    {"", "MatMulInteger", matmul_integer},
    {"", "QLinearMatMul", qlinear_matmul},
    {"com.microsoft", "FusedMatMul", fused_matmul},
    {"com.microsoft", "TransposeMatMul", fused_matmul},
    {"com.microsoft", "FusedMatMulActivation", fused_matmul},
    {"com.microsoft", "FusedGemm", gemm},
    {"com.microsoft", "GemmFastGelu", matmul_gelu},
    {"com.microsoft", "CDist", distances},
    {"", "Det", determinant},
    {"com.microsoft", "Inverse", inverse},
    {"com.microsoft", "QGemm", qgemm},
    {"com.microsoft", "MatMulIntegerToFloat", matmul_integer_to_float},
    {"com.microsoft", "DynamicQuantizeMatMul", dynamic_quantize_matmul},
};

}  // namespace

std::span<const Entry> product_definitions() { return kEntries; }

}  // namespace permcrypt::proof
