// Mixtures of experts: see rules/moe.cpp.
#include "infer/op_case.h"

namespace permcrypt::testing {
namespace {

const OpCase kCases[] = {
    {"y = com.microsoft.MoE(x:f[7,8], r:f[7,5], u:f[5,12,8]!, ub:f[5,12]!, v:f[5,8,12]!, "
     "vb:f[5,8]!) k=2 normalize_routing_weights=1 activation_type=silu",
     "x[a,b] r[a,c] u[c,d,b] ub[c,d] v[c,b,d] vb[c,b] -> y[a,b]", 17, Kernel::kRecent},
    {"y = com.microsoft.MoE(x:f[7,8], r:f[7,5], u:f[5,24,8]!, ub:f[5,24]!, v:f[5,8,12]!, "
     "vb:f[5,8]!) k=2 normalize_routing_weights=1 activation_type=swiglu swiglu_fusion=1",
     "x[a,b] r[a,c] u[c,d*!2,b] ub[c,d*!2] v[c,b,d] vb[c,b] -> y[a,b]", 17, Kernel::kRecent},
    {"y = com.microsoft.MoE(x:f[7,8], r:f[7,5], u:f[5,24,8]!, ub:f[5,24]!, v:f[5,8,12]!, "
     "vb:f[5,8]!) k=2 normalize_routing_weights=1 activation_type=swiglu swiglu_fusion=2",
     "x[a,b] r[a,c] u[c,d+d,b] ub[c,d+d] v[c,b,d] vb[c,b] -> y[a,b]", 17, Kernel::kNowhere},
    {"y = com.microsoft.MoE(x:f[7,8], r:f[7,5], u:f[5,12,8]!, ub:f[5,12]!, v:f[5,8,12]!, "
     "vb:f[5,8]!, w:f[5,12,8]!, wb:f[5,12]!) k=2 normalize_routing_weights=1 "
     "activation_type=silu",
     "x[a,b] r[a,c] u[c,d,b] ub[c,d] v[c,b,d] vb[c,b] w[c,d,b] wb[c,d] -> y[a,b]", 17,
     Kernel::kNowhere},
    {"y = com.microsoft.QMoE(x:f[5,32], r:f[5,4], u:u8[4,64,16]!, us:p[4,64]!, ub:f[4,64]!, "
     "v:u8[4,32,16]!, vs:p[4,32]!, vb:f[4,32]!) k=2 normalize_routing_weights=1 "
     "expert_weight_bits=4 activation_type=swiglu swiglu_fusion=1",
     "x[a,b] r[a,c] u[c,d*!2,b] us[c,d*!2] ub[c,d*!2] v[c,b,d] vs[c,b] vb[c,b] -> y[a,b]", 17,
     Kernel::kRecent},
    {"y = com.microsoft.QMoE(x:f[5,32], r:f[5,4], u:u8[4,64,32]!, us:p[4,64]!, ub:f[4,64]!, "
     "v:u8[4,32,32]!, vs:p[4,32]!, vb:f[4,32]!) k=2 normalize_routing_weights=1 "
     "expert_weight_bits=8 activation_type=swiglu swiglu_fusion=1",
     "x[a,b] r[a,c] u[c,d*!2,b] us[c,d*!2] ub[c,d*!2] v[c,b,d] vs[c,b] vb[c,b] -> y[a,b]", 17,
     Kernel::kRecent},
    {"y = com.microsoft.QMoE(x:f[5,32], r:f[5,4], u:u8[4,64,16]!, us:p[4,64,2]!, ub:f[4,64]!, "
     "v:u8[4,32,16]!, vs:p[4,32,2]!, vb:f[4,32]!, _, _, _, uz:u8[4,64,1]!, vz:u8[4,32,1]!) k=2 "
     "normalize_routing_weights=1 expert_weight_bits=4 block_size=16 activation_type=swiglu "
     "swiglu_fusion=1",
     "x[a,b*c] r[a,d] u[d,e*f*!2,b*c] us[d,e*f*!2,b] ub[d,e*f*!2] v[d,b*c,e*f] vs[d,b*c,e] "
     "vb[d,b*c] uz[d,e*f*!2,b] vz[d,b*c,e] -> y[a,b*c]",
     17, Kernel::kRecent},
    {"y = com.microsoft.QMoE(x:f[5,32], r:f[5,4], u:u8[4,64,32]!, us:p[4,64,2]!, ub:f[4,64]!, "
     "v:u8[4,32,32]!, vs:p[4,32,2]!, vb:f[4,32]!, _, _, _, uz:u8[4,64,2]!, vz:u8[4,32,2]!) k=2 "
     "normalize_routing_weights=1 expert_weight_bits=8 block_size=16 activation_type=swiglu "
     "swiglu_fusion=1",
     "x[a,b*c] r[a,d] u[d,e*f*!2,b*c] us[d,e*f*!2,b] ub[d,e*f*!2] v[d,b*c,e*f] vs[d,b*c,e] "
     "vb[d,b*c] uz[d,e*f*!2,b] vz[d,b*c,e] -> y[a,b*c]",
     17, Kernel::kRecent},
    {"y = com.microsoft.QMoE(x:f[5,32], r:f[5,4], u:u8[4,64,16]!, us:p[4,64]!, ub:f[4,64]!, "
     "v:u8[4,32,16]!, vs:p[4,32]!, vb:f[4,32]!, _, _, _, uz:u8[4,32]!, vz:u8[4,16]!) k=2 "
     "normalize_routing_weights=1 expert_weight_bits=4 activation_type=swiglu swiglu_fusion=1",
     "x[a,b] r[a,c] u[c,d*!2,b] us[c,d*!2] ub[c,d*!2] v[c,b,d] vs[c,b] vb[c,b] uz[c,d*!2] "
     "vz[c,b] -> y[a,b]",
     17, Kernel::kRecent},
    {"y = com.microsoft.QMoE(x:f[5,32], r:f[5,4], u:u8[4,32,16]!, us:p[4,32]!, ub:f[4,32]!, "
     "v:u8[4,32,16]!, vs:p[4,32]!, vb:f[4,32]!) k=2 normalize_routing_weights=1 "
     "expert_weight_bits=4 activation_type=silu",
     "x[a,b] r[a,c] u[c,d,b] us[c,d] ub[c,d] v[c,b,d] vs[c,b] vb[c,b] -> y[a,b]", 17,
     Kernel::kRecent},
};

}  // namespace

std::span<const OpCase> moe_cases() { return kCases; }

}  // namespace permcrypt::testing
