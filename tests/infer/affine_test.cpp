// Positions computed at run time, under a batch of unknown size: a Gather at all of them, in mixed
// radix, is a Reshape, and whatever else they are, the indexed axis stays.
#include "infer/affine.h"

#include <doctest/doctest.h>
#include <onnx/defs/parser.h>

#include <string>

#include "infer/analysed.h"
#include "verify/runtime.h"

using namespace permcrypt;
using namespace permcrypt::testing;

namespace {

// x[n,2,3] is flattened and gathered at positions[n,2,3] = range(n) * row + rest.
std::string strided_view(const std::string& row, const std::string& rest,
                         const std::string& last = "view = Identity(y)") {
  return R"(<ir_version: 8, opset_import: ["" : 17]>
view (float[n,2,3] x) => (float[a,b,c] view)
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
  )" + last + "\n}";
}

OneNode parsed(const std::string& text) {
  OneNode out;
  const auto status = onnx::OnnxParser::Parse(out.model, text.c_str());
  REQUIRE_MESSAGE(status.IsOK(), status.ErrorMessage());
  TensorData x{"x", onnx::TensorProto::FLOAT, {4, 2, 3}, {}};
  for (int i = 0; i < 24; ++i) {
    const auto element = static_cast<float>(i);
    x.bytes.append(reinterpret_cast<const char*>(&element), sizeof element);
  }
  out.feeds.push_back(std::move(x));
  return out;
}

std::vector<TensorData> run(const onnx::ModelProto& model, const std::vector<TensorData>& feeds) {
  return Session::from_bytes(model.SerializeAsString(), {}, {.optimise = false, .threads = 1})
      .value()
      .run(feeds)
      .value();
}

const std::string kView = strided_view("6", "0, 1, 2, 3, 4, 5");
const std::string kTransposed = strided_view("6", "0, 2, 4, 1, 3, 5");

}  // namespace

TEST_CASE("affine: a strided view is a Reshape") {
  CHECK(Analysed(parsed(kView)).structure("view") == "x[?,a,b] -> view[?,a,b]");
  CHECK(Analysed(parsed(kTransposed)).structure("view") == "x[?,a*b] -> view[?,b,a]");
}
