// Contractions: matrix products and Einsum.
#include <algorithm>
#include <map>

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

void fused_matmul(RuleCall& c) {
  if (c.attr("transBatchA", 0) || c.attr("transBatchB", 0)) c.give_up("transposed batch");
  c.out(0,
        matmul_axes(c, with_last_two_swapped(c, c.in(0).axes, c.attr("transA", 0) != 0),
                    with_last_two_swapped(c, c.in(1).axes, c.attr("transB", 0) != 0)),
        c.in(0).type);
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

struct Equation {
  std::vector<std::string> operands;
  std::string result;
};

Equation parse_equation(const RuleCall& c) {
  std::string text = c.attr_text("equation", "");
  std::erase(text, ' ');
  if (text.find('.') != std::string::npos) c.give_up("ellipsis");
  const std::size_t arrow = text.find("->");
  const std::string left = text.substr(0, arrow);
  Equation out;
  out.operands.emplace_back();
  std::map<char, int> uses;
  for (const char letter : left) {
    if (letter == ',') {
      out.operands.emplace_back();
    } else {
      out.operands.back() += letter;
      ++uses[letter];
    }
  }
  if (arrow != std::string::npos) {
    out.result = text.substr(arrow + 2);
  } else {
    for (const auto& [letter, count] : uses) {
      if (count == 1) out.result += letter;
    }
  }
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
};

}  // namespace

std::span<const OpRule> product_rules() { return kRules; }

}  // namespace permcrypt
