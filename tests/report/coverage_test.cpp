#include "report/coverage.h"

#include <doctest/doctest.h>
#include <onnx/onnx_pb.h>

namespace permcrypt {
namespace {

AxisMap still(std::uint64_t extent) {
  AxisMap map;
  map.extent = extent;
  return map;
}
AxisMap moving(std::uint64_t extent) {
  AxisMap map = still(extent);
  map.kind = AxisMap::Kind::kGroup;
  map.group = 0;
  return map;
}

TensorReport tensor(const std::vector<AxisMap>& axes,
                    std::int32_t type = onnx::TensorProto::FLOAT) {
  TensorReport out;
  out.axes = axes;
  out.bytes = 4;
  for (const AxisMap& axis : axes) {
    out.shape.push_back(static_cast<std::int64_t>(axis.extent));
    out.bytes *= axis.extent;
  }
  classify(out, type);
  return out;
}

TEST_CASE("both: every axis longer than 1 moves, or the only one") {
  CHECK(tensor({moving(3), moving(4)}).protection == Protection::kBoth);
  CHECK(tensor({moving(3)}).protection == Protection::kBoth);
  CHECK(tensor({still(1), moving(3), still(1)}).protection == Protection::kBoth);
  CHECK(tensor({still(3), moving(4)}).protection == Protection::kOne);
  CHECK(tensor({still(3), still(4)}).protection == Protection::kNone);
  CHECK(tensor({still(3)}).protection == Protection::kNone);
}

TEST_CASE("an axis of which a part moves is permuted") {
  AxisMap mixed;
  mixed.kind = AxisMap::Kind::kProduct;
  mixed.extent = 6;
  mixed.parts = {still(2), moving(3)};
  CHECK(tensor({mixed, moving(4)}).protection == Protection::kBoth);
}

TEST_CASE("single numbers, int64, booleans and strings do not count") {
  CHECK(tensor({still(2)}).counts);
  CHECK(tensor({still(2)}, onnx::TensorProto::INT8).counts);
  CHECK(!tensor({}).counts);
  CHECK(!tensor({still(1), still(1)}).counts);
  CHECK(!tensor({still(0)}).counts);
  CHECK(!tensor({still(2)}, onnx::TensorProto::INT64).counts);
  CHECK(!tensor({still(2)}, onnx::TensorProto::BOOL).counts);
  CHECK(!tensor({still(2)}, onnx::TensorProto::STRING).counts);
}

TEST_CASE("kernels count as one axis, and are told apart") {
  const TensorReport kernel = tensor({moving(8), moving(4), still(3), still(3)});
  CHECK(kernel.protection == Protection::kOne);
  CHECK(kernel.kernel);
  CHECK(tensor({moving(8), still(1), still(3), still(3)}).kernel);  // depthwise
  CHECK(!tensor({moving(8), still(4), still(3), still(3)}).kernel);
  CHECK(!tensor({moving(8), still(4)}).kernel);
  // A kernel of one point has no space.
  CHECK(tensor({moving(8), moving(4), still(1), still(1)}).protection == Protection::kBoth);
}

TEST_CASE("shares are shares of bytes") {
  const Coverage c =
      coverage_of({tensor({moving(5), moving(10)}), tensor({moving(5), moving(2), still(3)}),
                   tensor({still(4), still(5)}), tensor({still(1000)}, onnx::TensorProto::INT64)});
  CHECK(c.weight_bytes == 400);
  CHECK(c.both == doctest::Approx(0.5));
  CHECK(c.one == doctest::Approx(0.3));
  CHECK(c.none == doctest::Approx(0.2));
  CHECK(c.kernels == doctest::Approx(0.3));
}

TEST_CASE("no weights, no shares") {
  const Coverage c = coverage_of({});
  CHECK(c.weight_bytes == 0);
  CHECK(c.both == 0);
}

}  // namespace
}  // namespace permcrypt
