// A table that is read at positions which the graph counts is freed by a lock on the table.
#include "lock/tables.h"

#include "lock/table_models.h"

namespace permcrypt::test {
namespace {

using permcrypt::testing::text_model;

TEST_CASE("tables: rows read up to an open position are freed by one lock") {
  const Placed placed(encoder(40, 96), "p");
  CHECK(placed.locks == 1);
  CHECK(placed.moves);
}

TEST_CASE("tables: rows read at a place that is left out are none") {
  onnx::ModelProto model = encoder(40, 96);
  onnx::NodeProto& node = *model.mutable_graph()->add_node();
  node.set_op_type("Gather");
  for (const char* input : {"p", "", "x"}) node.add_input(input);
  node.add_output("nowhere");
  CHECK(Placed(model, "p").locks == 0);
}

TEST_CASE("tables: not for a trifle") { CHECK(Placed(encoder(40, 10000), "p").locks == 0); }

TEST_CASE("tables: each for itself") {
  const auto model = text_model(R"(
encoder (float[b,n,8] x) => (float[b,n,8] y)
<float[400,8] p, float[12,8] small, float[8,3000] up, float[3000,8] down>
{ d = Shape(x)  zero = Constant <value = int64[1] {0}> ()  one = Constant <value = int64[1] {1}> ()
  n = Gather(d, one)  rows = Slice(p, zero, n, zero)  more = Slice(small, zero, n, zero)
  e = Add(x, rows)  f = Add(e, more)  a = MatMul(f, up)  r = Relu(a)  y = MatMul(r, down) })");
  CHECK(Placed(model, "p").locks == 1);
  CHECK(Placed(model, "small").locks == 0);
}

TEST_CASE("tables: not a large part of the weights, at every run") {
  CHECK(Placed(encoder(400, 96), "p").locks == 0);
}

TEST_CASE("tables: less at every token, unless locks inside are asked for") {
  const auto decoder = [](const std::string& hidden) {
    return text_model(
        "decoder (float[b,n,8] x, float[b,m,8] past) => "
        "(float[b,n,8] y, float[b,k,8] present)\n<float[40,8] p, float[8," +
        hidden + "] up, float[" + hidden + R"(,8] down>
{ d = Shape(x)  zero = Constant <value = int64[1] {0}> ()  one = Constant <value = int64[1] {1}> ()
  n = Gather(d, one)  rows = Slice(p, zero, n, zero)  e = Add(x, rows)
  present = Concat <axis = 1> (past, e)  mean = ReduceMean <axes = [1]> (present)
  f = Add(e, mean)  a = MatMul(f, up)  r = Relu(a)  y = MatMul(r, down) })");
  };
  const Placed spared(decoder("96"), "p");
  CHECK(spared.locks == 0);
  CHECK(spared.notes == 1);
  const Placed small(decoder("2000"), "p");
  CHECK(small.locks == 1);
  CHECK(small.notes == 0);
  LockOptions inside;
  inside.internal = Internal::kBlock;
  CHECK(Placed(decoder("96"), "p", inside).locks == 1);
}

TEST_CASE("tables: not where two rows are all there is") {
  const auto model = encoder(2, 96);
  CHECK(Placed(model, "p").locks == 0);
  CHECK(!Placed(model, "p").moves);
}

TEST_CASE("tables: each axis that is held takes a lock, or none does") {
  // Half of the positions, of a table of scores.
  const auto scores = [](int hidden) {
    const std::string h = std::to_string(hidden);
    return text_model(
        "scores (float[b,6,n,n] x) => (float[b,6,n,n] y)\n<float[6,20,20] p, float[6," + h +
        "] up, float[" + h + R"(,6] down>
{ d = Shape(x)  two = Constant <value = int64[1] {2}> ()  axes = Constant <value = int64[2] {1,2}> ()
  zeros = Constant <value = int64[2] {0,0}> ()
  n = Gather(d, two)  ends = Concat <axis = 0> (n, n)  some = Slice(p, zeros, ends, axes)
  s = Add(x, some)  t = Transpose <perm = [0,2,3,1]> (s)
  a = MatMul(t, up)  r = Relu(a)  o = MatMul(r, down)  y = Transpose <perm = [0,3,1,2]> (o) })");
  };
  CHECK(Placed(scores(2000), "p").locks == 2);
  CHECK(Placed(scores(2000), "p").moves);
  CHECK(Placed(scores(500), "p").locks == 0);  // 2400 elements of 8400, twice
}

TEST_CASE("tables: positions that are counted are no ids") {
  const Placed counted(called("counted"), "p");
  CHECK(counted.locks == 1);
  CHECK(counted.moves);
  CHECK(Placed(called("ids"), "p").locks == 0);
}

TEST_CASE("tables: matrices and kernels are no tables") {
  CHECK(Placed(text_model(R"(
picture (float[b,8,n,n] x) => (float[b,8,n,n] y)
<float[8,8,5,5] k, float[96,8,1,1] up, float[8,96,1,1] down>
{ e = Conv <pads = [2,2,2,2]> (x, k)  a = Conv(e, up)  r = Relu(a)  y = Conv(r, down) })"),
               "k")
            .locks == 0);
}

TEST_CASE("tables: a mask is none, as its order can be told from its zeros") {
  onnx::ModelProto model = encoder(40, 96);
  onnx::TensorProto& table = *model.mutable_graph()->mutable_initializer(0);
  REQUIRE(table.name() == "p");
  std::string& raw = *table.mutable_raw_data();
  const float low = -100;
  for (std::size_t i = 0; i < raw.size(); i += sizeof low) {
    raw.replace(i, sizeof low,
                i % 3 == 0 ? std::string(sizeof low, '\0')
                           : std::string(reinterpret_cast<const char*>(&low), 4));
  }
  CHECK(Placed(model, "p").locks == 0);
}

TEST_CASE("tables: what is computed from one at loading stays so") {
  const auto model = encoder(40, 96, "Slice(q, zero, n, zero)");
  onnx::ModelProto scaled = model;
  auto& graph = *scaled.mutable_graph();
  onnx::NodeProto node;
  node.set_op_type("Neg");
  node.add_input("p");
  node.add_output("q");
  *graph.add_node() = node;  // nodes may come in any order, for the reader
  CHECK(Placed(scaled, "q").locks == 1);
  CHECK(Placed(scaled, "p").locks == 0);
  CHECK(Placed(scaled, "p").moves);
}

}  // namespace
}  // namespace permcrypt::test
