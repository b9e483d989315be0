#include "infer/equivariance.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "verify/runtime.h"

namespace permcrypt::testing {
namespace {

using T = onnx::TensorProto;

// The error of a result, relative to the largest element or in steps, that is none.
double tolerance(const TensorData& tensor, double largest) {
  switch (tensor.type) {
    case T::FLOAT:
    case T::DOUBLE:
      return 1e-4 * largest;
    case T::FLOAT16:
      return 4e-3 * largest;
    case T::BFLOAT16:
      return 3e-2 * largest;
    default:
      return element_bits(tensor.type) == 8 && tensor.type != T::BOOL ? 1 : 0;
  }
}

}  // namespace

Result<std::vector<TensorData>> run_as_written(const onnx::ModelProto& model,
                                               const std::vector<TensorData>& feeds) {
  auto session =
      Session::from_bytes(model.SerializeAsString(), {}, {.optimise = false, .threads = 1});
  if (!session) return tl::unexpected(session.error());
  return session->run(feeds);
}

bool nearly_equal(const TensorData& expected, const TensorData& actual) {
  if (expected.shape != actual.shape || expected.type != actual.type) return false;
  if (expected.bytes == actual.bytes) return true;
  const auto x = to_doubles(expected), y = to_doubles(actual);
  if (!x || !y) return false;
  double largest = 1e-6;
  for (const double v : *x) largest = std::max(largest, std::isfinite(v) ? std::abs(v) : 0);
  const double allowed = tolerance(expected, largest);
  return std::equal(x->begin(), x->end(), y->begin(), [&](double a, double b) {
    return a == b || std::abs(a - b) <= allowed || (std::isnan(a) && std::isnan(b));
  });
}

bool is_equivariant(Analysed& analysed, const std::vector<TensorData>& results,
                    const std::map<ExprId, Permutation>& permutations) {
  std::vector<TensorData> feeds;
  for (const TensorData& feed : analysed.one().feeds) {
    feeds.push_back(analysed.permuted(feed, permutations));
  }
  const auto actual = run_as_written(analysed.permuted_model(permutations), feeds);
  if (!actual) throw std::runtime_error(actual.error().message);
  for (std::size_t k = 0; k < results.size(); ++k) {
    if (!nearly_equal(analysed.permuted(results[k], permutations), (*actual)[k])) return false;
  }
  return true;
}

}  // namespace permcrypt::testing
