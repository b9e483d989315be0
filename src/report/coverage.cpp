#include "report/coverage.h"

#include <onnx/onnx_pb.h>

namespace permcrypt {
namespace {

bool is_weight_type(std::int32_t type) {
  using T = onnx::TensorProto;
  return type != T::INT64 && type != T::BOOL && type != T::STRING && type != T::UNDEFINED;
}

std::uint64_t elements(const std::vector<std::int64_t>& shape) {
  std::uint64_t count = 1;  // the reader has checked that it does not overflow
  for (const std::int64_t extent : shape) count *= static_cast<std::uint64_t>(extent);
  return count;
}

// The two channel axes come first, and only axes behind them stay.
bool is_kernel(const std::vector<AxisMap>& axes) {
  if (axes.size() < 3) return false;
  for (std::size_t k = 0; k < axes.size(); ++k) {
    if (axes[k].extent > 1 && axes[k].moves() != (k < 2)) return false;
  }
  return true;
}

}  // namespace

void classify(TensorReport& tensor, std::int32_t type) {
  tensor.counts = is_weight_type(type) && elements(tensor.shape) > 1;
  int moving = 0, still = 0;
  for (const AxisMap& axis : tensor.axes) {
    if (axis.extent > 1) ++(axis.moves() ? moving : still);
  }
  tensor.protection = moving == 0  ? Protection::kNone
                      : still == 0 ? Protection::kBoth
                                   : Protection::kOne;
  tensor.kernel = tensor.protection == Protection::kOne && is_kernel(tensor.axes);
}

Coverage coverage_of(const std::vector<TensorReport>& tensors) {
  Coverage out;
  double both = 0, one = 0, none = 0, kernels = 0;
  for (const TensorReport& tensor : tensors) {
    if (!tensor.counts) continue;
    const auto bytes = static_cast<double>(tensor.bytes);
    out.weight_bytes += tensor.bytes;
    (tensor.protection == Protection::kBoth  ? both
     : tensor.protection == Protection::kOne ? one
                                             : none) += bytes;
    if (tensor.kernel) kernels += bytes;
  }
  if (out.weight_bytes == 0) return out;
  const auto all = static_cast<double>(out.weight_bytes);
  out.both = both / all;
  out.one = one / all;
  out.none = none / all;
  out.kernels = kernels / all;
  return out;
}

}  // namespace permcrypt
