// Mixtures of experts: the experts are one axis of router and weights; inside, two or three
// matrices per expert.
#include "infer/registry.h"
#include "infer/rules/quantised.h"

namespace permcrypt {
namespace {

// The operands of one projection of all experts, [expert, out, in] and [expert, out].
struct Projection {
  std::size_t weights, bias, scales, zeros;  // kAbsent where the operator has none
};
constexpr std::size_t kAbsent = 1000;

struct Experts {
  Axis expert, hidden, inner, fused;  // fused: rows of the first projection
  std::int64_t block = 0;             // QMoE's block size along the contraction; 0: none
};

// relu and the like: one projection in. swiglu: two, apart, interleaved, or one after the other.
Axis fused_rows(RuleCall& c, const Axis& inner, std::int64_t fusion) {
  if (fusion == 1) return c.product({inner, c.fixed(2, "interleaved gate and value")});
  return fusion == 2 ? c.sum({inner, inner}) : inner;
}

// [expert, rows] or, in blocks along the contraction, [expert, rows, blocks].
void parameter(RuleCall& c, std::size_t k, const Experts& e, const Axis& rows, const Axis& in) {
  if (!c.has(k)) return;
  const auto& p = c.in(k).axes;
  if (p.size() != (e.block ? 3U : 2U)) c.give_up("parameter of unlike rank");
  c.unify(p[0], e.expert);
  c.unify(p[1], rows);
  if (e.block) quantise_in_blocks(c, in, p[2], e.block);
}

void project(RuleCall& c, const Projection& p, const Experts& e, const Axis& rows, const Axis& in) {
  if (!c.has(p.weights)) return;
  const auto& w = c.in(p.weights).axes;
  if (w.size() != 3) c.give_up("weights of unlike rank");
  c.unify(w[0], e.expert);
  c.unify(w[1], rows);
  c.unify(w[2], in, true);
  if (c.has(p.bias)) {
    const auto& bias = c.in(p.bias).axes;
    if (bias.size() != 2) c.give_up("bias of unlike rank");
    c.unify(bias[0], e.expert);
    c.unify(bias[1], rows);
  }
  parameter(c, p.scales, e, rows, in);
  parameter(c, p.zeros, e, rows, in);
}

// x [.., hidden], router [token, expert]
Experts experts_of(RuleCall& c, const Projection& second) {
  const auto &x = c.in(0).axes, &router = c.in(1).axes, &w = c.in(second.weights).axes;
  if (x.empty() || router.size() != 2 || w.size() != 3) c.give_up("form not handled");
  const std::string activation = c.attr_text("activation_type", "relu");
  const std::int64_t fusion = c.attr("swiglu_fusion", 0);
  if (fusion < 0 || fusion > 2) c.give_up("fusion not handled");
  Experts e{router[1], x.back(), c.free(w[2].a, w[2].b), {}};
  e.fused = fused_rows(c, e.inner, activation.ends_with("glu") ? fusion : 0);
  return e;
}

void finish(RuleCall& c, const Experts& e, const Projection& first, const Projection& second,
            const Projection& third) {
  const auto& x = c.in(0).axes;
  project(c, first, e, e.fused, e.hidden);
  project(c, second, e, e.hidden, e.inner);
  project(c, third, e, e.inner, e.hidden);
  const std::vector<Axis> tokens(x.begin(), x.end() - 1);
  c.align(tokens, {c.in(1).axes[0]});
  c.out(0, x, c.in(0).type);
}

void moe(RuleCall& c) {
  c.at_most(8);
  const Projection first{2, 3, kAbsent, kAbsent}, second{4, 5, kAbsent, kAbsent},
      third{6, 7, kAbsent, kAbsent};
  finish(c, experts_of(c, second), first, second, third);
}

void qmoe(RuleCall& c) {
  if (c.attr_text("quant_type", "int") != "int" || c.attr("weights_prepacked", -1) == 1) {
    c.give_up("weight layout not handled");
  }
  c.at_most(15);
  const Projection first{2, 4, 3, 11}, second{5, 7, 6, 12}, third{8, 10, 9, 13};
  Experts e = experts_of(c, second);
  e.block = std::max<std::int64_t>(0, c.attr("block_size", 0));
  if (c.has(14)) c.broadcast(c.in(1).axes, c.in(14).axes);  // router weights
  finish(c, e, first, second, third);
}

constexpr auto kMs = "com.microsoft";

const OpRule kRules[] = {
    {kMs, "MoE", 1, kAnyOpset, "([..,h],[t,e],[e,f,h],[e,f],[e,h,f],[e,h],[e,f,h],[e,f])->([..,h])",
     moe},
    {kMs, "QMoE", 1, kAnyOpset,
     "as MoE, with scales and zero points [e,f], or [e,f,b] with h = b*k", qmoe},
};

}  // namespace

std::span<const OpRule> moe_rules() { return kRules; }

}  // namespace permcrypt
