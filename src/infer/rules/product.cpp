// Contractions: matrix products and Einsum.
#include <algorithm>
#include <map>
#include <sstream>
#include <string_view>

#include "infer/registry.h"
#include "infer/rules/contraction.h"

namespace permcrypt {

std::vector<Axis> matmul_axes(RuleCall& c, const std::vector<Axis>& x, const std::vector<Axis>& y) {
  if (x.empty() || y.empty()) c.give_up("scalar operand");
  const std::size_t rx = x.size(), ry = y.size();
  c.unify(x[rx - 1], ry == 1 ? y[0] : y[ry - 2], true);
  if (ry == 1) return {x.begin(), x.end() - 1};
  if (rx == 1) {
    std::vector<Axis> out(y.begin(), y.end() - 2);
    out.push_back(y[ry - 1]);
    return out;
  }
  std::vector<Axis> out = c.broadcast({x.begin(), x.end() - 2}, {y.begin(), y.end() - 2});
  out.push_back(x[rx - 2]);
  out.push_back(y[ry - 1]);
  return out;
}

namespace {

void matmul(RuleCall& c) { c.out(0, matmul_axes(c, c.in(0).axes, c.in(1).axes), c.in(0).type); }

std::vector<Axis> with_last_two_swapped(RuleCall& c, std::vector<Axis> x, bool swap) {
  if (!swap) return x;
  if (x.size() < 2) c.give_up("transposed vector");
  std::swap(x[x.size() - 1], x[x.size() - 2]);
  return x;
}

// Operand k of a FusedMatMul: the batch may come after the first axis of the matrix.
std::vector<Axis> fused_operand(RuleCall& c, std::size_t k, const std::string& side) {
  std::vector<Axis> x = c.in(k).axes;
  if (c.attr("transBatch" + side, 0) && x.size() > 2) {
    std::rotate(x.begin(), x.begin() + 1, x.end() - 1);
  }
  return with_last_two_swapped(c, std::move(x), c.attr("trans" + side, 0) != 0);
}

void fused_matmul(RuleCall& c) {
  c.out(0, matmul_axes(c, fused_operand(c, 0, "A"), fused_operand(c, 1, "B")), c.in(0).type);
}

void gemm_fast_gelu(RuleCall& c) {
  std::vector<Axis> out = matmul_axes(c, c.in(0).axes, c.in(1).axes);
  if (c.has(2)) c.broadcast(out, c.in(2).axes);
  c.out(0, std::move(out), c.in(0).type);
}

// Distances between the rows of two matrices.
void distances(RuleCall& c) {
  const auto &x = c.in(0).axes, &y = c.in(1).axes;
  if (x.size() != 2 || y.size() != 2) c.give_up("operands are no matrices");
  c.unify(x[1], y[1], true);
  c.out(0, {x[0], y[0]}, c.in(0).type);
}

// The inverse of P x Q is Q' y P'.
void inverse(RuleCall& c) {
  if (c.rank(0) < 2) c.give_up("no matrix");
  c.out(0, with_last_two_swapped(c, c.in(0).axes, true), c.in(0).type);
}

void gemm(RuleCall& c) {
  if (c.rank(0) != 2 || c.rank(1) != 2) c.give_up("operands are no matrices");
  const auto x = with_last_two_swapped(c, c.in(0).axes, c.attr("transA", 0) != 0);
  const auto y = with_last_two_swapped(c, c.in(1).axes, c.attr("transB", 0) != 0);
  c.unify(x[1], y[0], true);
  const std::vector<Axis> out{x[0], y[1]};
  if (c.has(2)) c.broadcast(out, c.in(2).axes);
  c.out(0, out, c.in(0).type);
}

void gemm_float8(RuleCall& c) {  // scales of whole operands follow
  for (std::size_t k = 3; k < c.inputs(); ++k) {
    if (c.has(k)) c.per_index(&c.in(k), c.unit());
  }
  gemm(c);
  if (!c.results.empty()) {
    c.results[0].operand.type =
        static_cast<std::int32_t>(c.attr("dtype", onnx::TensorProto::FLOAT));
  }
}

struct Equation {
  std::vector<std::string> operands;
  std::string result;
};

// "a...b" with the axes that the dots stand for as digits, aligned at the right.
std::string without_ellipsis(RuleCall& c, std::string term, std::size_t rank) {
  constexpr std::string_view kDigits = "0123456789";
  const std::size_t dots = term.find("...");
  if (dots == std::string::npos) return term;
  const std::size_t letters = term.size() - 3;
  if (rank < letters || rank - letters > kDigits.size()) c.give_up("ellipsis of many axes");
  return term.replace(dots, 3, kDigits.substr(kDigits.size() - (rank - letters)));
}

Equation parse_equation(RuleCall& c) {
  std::string text = c.attr_text("equation", "");
  std::erase(text, ' ');
  const std::size_t arrow = text.find("->");
  std::istringstream left(text.substr(0, arrow));
  Equation out;
  std::map<char, int> uses;
  for (std::string term; std::getline(left, term, ',');) {
    if (out.operands.size() == c.inputs()) c.give_up("equation does not fit the operands");
    term = without_ellipsis(c, std::move(term), c.in(out.operands.size()).axes.size());
    for (const char letter : term) ++uses[letter];
    out.operands.push_back(std::move(term));
  }
  const auto is_digit = [](char letter) { return letter >= '0' && letter <= '9'; };
  const std::string right = arrow == std::string::npos ? "" : text.substr(arrow + 2);
  if (arrow != std::string::npos && right.find("...") == std::string::npos) {
    out.result = right;
    return out;
  }
  const std::size_t dots = std::min(right.find("..."), right.size());
  out.result = right.substr(0, dots);
  for (const auto& [letter, count] : uses) {  // in order, digits first
    if (is_digit(letter) || (arrow == std::string::npos && count == 1)) out.result += letter;
  }
  if (dots < right.size()) out.result += right.substr(dots + 3);
  return out;
}

void einsum(RuleCall& c) {
  const Equation e = parse_equation(c);
  if (e.operands.size() != c.inputs()) c.give_up("equation does not fit the operands");
  std::map<char, Axis> axis_of;
  for (std::size_t k = 0; k < e.operands.size(); ++k) {
    const auto& axes = c.in(k).axes;
    if (axes.size() != e.operands[k].size()) c.give_up("equation does not fit the operands");
    for (std::size_t i = 0; i < axes.size(); ++i) {
      const auto [it, inserted] = axis_of.emplace(e.operands[k][i], axes[i]);
      if (inserted || axes[i].unit()) continue;
      if (it->second.unit()) {
        it->second = axes[i];
      } else {
        c.unify(it->second, axes[i], true);
      }
    }
  }
  std::vector<Axis> out;
  for (const char letter : e.result) {
    const auto it = axis_of.find(letter);
    if (it == axis_of.end()) c.give_up("equation names an unknown axis");
    out.push_back(it->second);
  }
  c.out(0, std::move(out), c.in(0).type);
}

const OpRule kRules[] = {
    {"", "MatMul", 1, kAnyOpset, "([b,i,k],[k,j])->([b,i,j])", matmul},
    {"", "Gemm", 1, kAnyOpset, "([i,k],[k,j],[j])->([i,j])", gemm},
    {"", "Einsum", 12, kAnyOpset, "as its equation", einsum},
    {"com.microsoft", "FusedMatMul", 1, kAnyOpset, "([b,i,k],[k,j])->([b,i,j])", fused_matmul},
    {"com.microsoft", "FusedMatMulActivation", 1, kAnyOpset, "([b,i,k],[k,j])->([b,i,j])",
     fused_matmul},
    {"com.microsoft", "TransposeMatMul", 1, kAnyOpset, "([b,i,k],[k,j])->([b,i,j])", fused_matmul},
    {"com.microsoft", "FusedGemm", 1, kAnyOpset, "([i,k],[k,j],[j])->([i,j])", gemm},
    {"com.microsoft", "GemmFloat8", 1, kAnyOpset, "([i,k],[k,j],[j])->([i,j])", gemm_float8},
    {"com.microsoft", "GemmFastGelu", 1, kAnyOpset, "([b,i,k],[k,j],[j])->([b,i,j])",
     gemm_fast_gelu},
    {"com.microsoft", "CDist", 1, kAnyOpset, "([i,k],[j,k])->([i,j])", distances},
    {"com.microsoft", "Inverse", 1, kAnyOpset, "([b,i,j])->([b,j,i])", inverse},
};

}  // namespace

std::span<const OpRule> product_rules() { return kRules; }

}  // namespace permcrypt
