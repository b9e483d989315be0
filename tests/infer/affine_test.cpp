// Positions computed at run time, under a batch of unknown size: a Gather at all of them, in mixed
// radix, is a Reshape, and whatever else they are, the indexed axis stays.
#include "infer/affine.h"

#include <doctest/doctest.h>

#include <string>

#include "infer/inferred.h"

using namespace permcrypt;
using namespace permcrypt::testing;

namespace {

// x[n,2,3] is flattened and gathered at positions[n,2,3] = range(n) * row + rest.
std::string strided_view(const std::string& row, const std::string& rest,
                         const std::string& last = "view = Identity(y)") {
  return R"(view (float[n,2,3] x) => (float[a,b,c] view)
<int64[1] zero = {0}, int64[1] first = {0}, int64[1] last = {1}, int64[1] flat = {-1},
 int64[2] units = {1,2}, int64 start = {0}, int64 step = {1}, int64 row = {)" +
         row + "}, int64[1,2,3] rest = {" + rest + R"(}>
{
  data = Reshape(x, flat)
  shape = Shape(x)
  batch = Slice(shape, first, last)
  limit = Squeeze(batch)
  rows = Range(start, limit, step)
  scaled = Mul(rows, row)
  column = Unsqueeze(scaled, units)
  sum = Add(column, rest)
  positions = Sub(sum, zero)
  y = Gather(data, positions)
  )" + last +
         "\n}";
}

// How many of x's axes may move, the batch apart.
int free_axes(const std::string& text) {
  Inferred model(text, {.free_interface = true});
  return model.free("x", 1) + model.free("x", 2);
}

}  // namespace

TEST_CASE("affine: a strided view is a Reshape") {
  CHECK(free_axes(strided_view("6", "0, 1, 2, 3, 4, 5")) == 2);
}

TEST_CASE("affine: other positions hold the indexed axis still") {
  CHECK(free_axes(strided_view("5", "0, 1, 2, 3, 4, 5")) == 0);  // rows overlap
  CHECK(free_axes(strided_view("6", "0, 1, 2, 3, 5, 4")) == 0);  // no mixed radix
  CHECK(free_axes(strided_view("6", "1, 2, 3, 4, 5, 6")) == 0);  // begins at 1
  CHECK(free_axes(strided_view("6", "0, 2, 4, 1, 3, 5")) == 0);  // 3 x 2 against 2 x 3
}
