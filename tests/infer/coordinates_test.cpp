// Assignments to a part of a tensor, as exporters write them: one coordinate counts along an axis,
// the others choose where.
#include "infer/rules/coordinates.h"

#include <doctest/doctest.h>

#include "infer/inferred.h"

using namespace permcrypt;
using namespace permcrypt::testing;

namespace {

// t[9,4] times w, with row 1 set to zero through the coordinates (1, columns).
std::string row_set(const std::string& columns, const std::string& rows = "1,1,1,1") {
  return "m (float[6,9] x) => (float[6,5] y)\n<" + weights("t", 9, 4) + "," + weights("w", 4, 5) +
         ",\n int64[1,4,1] row = {" + rows + "}, int64[1,4,1] column = {" + columns + R"(},
 float[1,4] zeros = {0,0,0,0}>
{
  places = Concat<axis = 2>(row, column)
  set = ScatterND(t, places, zeros)
  p = MatMul(x, set)
  y = MatMul(p, w)
})";
}

}  // namespace

TEST_CASE("coordinates: one that counts along an axis leaves it free") {
  Inferred model(row_set("0,1,2,3"), {.free_interface = true});
  CHECK(model.free("t", 1));
  CHECK(model.free("w", 0));
  CHECK(model.free("t", 0));  // but for row 1
}

TEST_CASE("coordinates: a single one that the model counts leaves the rows free") {
  Inferred model("m (float[6,9] x) => (float[6,5] y)\n<" + weights("t", 9, 4) + "," +
                     weights("u", 3, 4) + "," + weights("w", 4, 5) + R"(,
 int64 start = {2}, int64 end = {5}, int64 step = {1}, int64[1] last = {-1}>
{
  counted = Range(start, end, step)
  places = Unsqueeze(counted, last)
  set = ScatterND(t, places, u)
  p = MatMul(x, set)
  y = MatMul(p, w)
})",
                 {.free_interface = true});
  CHECK(model.free("t", 0));
  CHECK(model.free("u", 0));
  CHECK(model.free("w", 0));
}

TEST_CASE("coordinates: others hold their axes") {
  for (const auto& model : {row_set("0,1,3,2"), row_set("0,1,2,3", "1,1,2,2")}) {
    Inferred inferred(model, {.free_interface = true});
    CHECK(!inferred.free("t", 1));
    CHECK(!inferred.free("w", 0));
  }
}

TEST_CASE("coordinates: a table read at run-time rows and all columns") {
  Inferred model("m (int64[n,1,1] ids) => (float[n,1,5] y)\n<" + weights("t", 9, 4) + "," +
                 weights("w", 4, 5) + R"(, int64[1,4,1] all = {0,1,2,3}, int64[3] shape = {1,4,1},
 int64[1] zero = {0}, int64[1] one = {1}, int64[2] rest = {4,1}>
{
  whole = Shape(ids)
  n1 = Slice(whole, zero, one)
  target = Concat<axis = 0>(n1, rest)
  rows = Expand(ids, target)
  columns = Expand(all, target)
  places = Concat<axis = 2>(rows, columns)
  read = GatherND(t, places)
  p = MatMul(read, w)
  y = Unsqueeze(p, one)
})");
  CHECK(model.free("t", 1));
  CHECK(model.free("w", 0));
  CHECK(!model.free("t", 0));
}
