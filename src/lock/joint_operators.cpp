#include "lock/joint_operators.h"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace permcrypt {
namespace {

constexpr std::string_view kAnyAxes[] = {
    // movement
    "Identity", "Cast", "CastLike", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten",
    "Expand", "Concat", "Split", "Slice", "Gather", "Shape", "Size", "If",
    // each element by itself
    "Abs", "Acos", "Acosh", "Add", "And", "Asin", "Asinh", "Atan", "Atanh", "BiasAdd", "BiasGelu",
    "BitShift", "BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor", "Ceil", "Celu", "Clip",
    "Cos", "Cosh", "Div", "Elu", "Equal", "Erf", "Exp", "FastGelu", "Floor", "Gelu", "Greater",
    "GreaterOrEqual", "HardSigmoid", "HardSwish", "IsInf", "IsNaN", "LeakyRelu", "Less",
    "LessOrEqual", "Log", "Max", "Mean", "Min", "Mish", "Mod", "Mul", "Neg", "Not", "Or", "PRelu",
    "Pow", "QuickGelu", "Reciprocal", "Relu", "Round", "Selu", "Shrink", "Sigmoid", "Sign", "Sin",
    "Sinh", "Softplus", "Softsign", "Sqrt", "Sub", "Sum", "Swish", "Tan", "Tanh", "ThresholdedRelu",
    "Where", "Xor",
    // sums over indices; a convolution has free spatial factors only where windows do not overlap
    "Conv", "ConvInteger", "Einsum", "FusedConv", "FusedGemm", "FusedMatMul", "Gemm",
    "GlobalAveragePool", "GlobalMaxPool", "MatMul", "MatMulInteger", "QLinearConv", "QLinearMatMul",
    "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean",
    "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare", "TransposeMatMul",
    // quantisation
    "DequantizeLinear", "DynamicQuantizeLinear", "QuantizeLinear"};

constexpr std::string_view kOneAxis[] = {"ArgMax",
                                         "ArgMin",
                                         "BatchNormalization",
                                         "LayerNormalization",
                                         "LogSoftmax",
                                         "LpNormalization",
                                         "RMSNormalization",
                                         "SimplifiedLayerNormalization",
                                         "SkipLayerNormalization",
                                         "SkipSimplifiedLayerNormalization",
                                         "Softmax",
                                         "TopK"};

}  // namespace

Joining joining_of(const GraphNode& node) {
  if (!node.domain.empty() && node.domain != "com.microsoft") return Joining::kNone;
  const auto is = [&](std::string_view op) { return op == node.op; };
  if (std::any_of(std::begin(kAnyAxes), std::end(kAnyAxes), is)) return Joining::kAny;
  if (std::any_of(std::begin(kOneAxis), std::end(kOneAxis), is)) return Joining::kWithinAxis;
  return Joining::kNone;
}

}  // namespace permcrypt
