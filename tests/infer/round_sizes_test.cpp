// Sizes that windows divide, and what their remainders do not tell.
#include "infer/round_sizes.h"

#include <doctest/doctest.h>

#include "infer/inferred.h"

using namespace permcrypt;
using namespace permcrypt::testing;

namespace {

// x[n,h,6] w[6,8], padded to a multiple of 4, seen as windows of 4, times v[8,5]. The Reshape only
// fits where there is nothing to pad.
std::string windows(const std::string& last = "y = Identity(z)") {
  return "m (float[n,h,6] x) => (float[a,b,c,d] y)\n<" + weights("w", 6, 8) + "," +
         weights("v", 8, 5) + "," + weights("table", 4, 5) + R"(,
 int64[1] zero = {0}, int64[1] one = {1}, int64[1] two = {2}, int64[1] four = {4},
 int64[1] eight = {8}, int64[3] before = {0,0,0}>
{
  p = MatMul(x, w)
  shape = Shape(p)
  n1 = Slice(shape, zero, one)
  h1 = Slice(shape, one, two)
  over = Mod(h1, four)
  lacking = Sub(four, over)
  padding = Mod(lacking, four)
  pads = Concat<axis = 0>(before, zero, padding, zero)
  padded = Pad(p, pads)
  count = Div(h1, four)
  target = Concat<axis = 0>(n1, count, four, eight)
  parts = Reshape(padded, target)
  z = MatMul(parts, v)
  )" + last +
         "\n}";
}

}  // namespace

TEST_CASE("round sizes: windows of an open size leave the channels free") {
  Inferred model(windows());
  CHECK(model.free("w", 1));
  CHECK(model.free("v", 0));
  CHECK(model.inference().notes.size() == 1);
}

TEST_CASE("round sizes: not taken to be round where nothing divides them") {
  Inferred model("m (float[n,h,6] x) => (float[n,h,5] y)\n<" + weights("w", 6, 8) + "," +
                 weights("v", 8, 5) + ">\n{\n  p = MatMul(x, w)\n  y = MatMul(p, v)\n}");
  CHECK(model.free("w", 1));
  CHECK(model.inference().notes.empty());
}

TEST_CASE("round sizes: a remainder is not known, though both bindings leave the same") {
  Inferred model(windows("row = Gather<axis = 0>(table, over)\n  y = Add(z, row)"));
  CHECK(model.free("w", 1));
  CHECK(!model.free("table", 0));
}
