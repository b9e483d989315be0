// Patterns that exporters make of operators, and what the proof sees in them.
#include <doctest/doctest.h>

#include "infer/text_model.h"
#include "proof/proof_sample.h"

namespace permcrypt::test {
namespace {

using permcrypt::testing::text_model;

TEST_CASE("proof: dynamic dimensions are equal where they must be") {
  CHECK(outcome(R"(
attention (float[b,s,12] x) => (float[b,s,12] y)
<float[12,12] wq, float[12,12] wk, float[12,12] wv, float[12,12] wo>
{ d = Shape(x)  zero = Constant <value = int64 {0}> ()  one = Constant <value = int64 {1}> ()
  b0 = Gather(d, zero)  s0 = Gather(d, one)
  axis = Constant <value = int64[1] {0}> ()
  b1 = Unsqueeze(b0, axis)  s1 = Unsqueeze(s0, axis)
  open = Constant <value = int64[1] {-1}> ()  part = Constant <value = int64[1] {4}> ()
  heads = Concat <axis = 0> (b1, s1, open, part)  flat = Concat <axis = 0> (b1, s1, open)
  q = MatMul(x, wq)  k = MatMul(x, wk)  v = MatMul(x, wv)
  q4 = Reshape(q, heads)  k4 = Reshape(k, heads)  v4 = Reshape(v, heads)
  qt = Transpose <perm = [0,2,1,3]> (q4)  kt = Transpose <perm = [0,2,3,1]> (k4)
  vt = Transpose <perm = [0,2,1,3]> (v4)
  c = MatMul(qt, kt)  p = Softmax(c)  o = MatMul(p, vt)
  ot = Transpose <perm = [0,2,1,3]> (o)  om = Reshape(ot, flat)  y = MatMul(om, wo) })") == "");
}

TEST_CASE("proof: pixels that are shuffled in another way are another picture") {
  LockOptions locks;
  locks.carry = Carry::kData;
  const auto path = model_to_prove("vit-mnist");
  const ProofSample sample(path, locks);
  KeyOptions key;
  key.file = sample.folder() / "key";
  const auto subject = open_subject(sample.encrypted(), key);
  const auto original = read_model(path), encrypted = read_model(sample.encrypted());
  REQUIRE((subject.has_value() && original.has_value() && encrypted.has_value()));
  Plan plan = subject->sealed.plan;
  for (PlanLock& lock : plan.locks) {
    auto& order = lock.joint.order;  // patches keep their pixels, in another order
    if (!order.empty()) std::swap(order.back(), order.at(order.size() - 2));
  }
  const auto proof = prove({*original, *encrypted, plan, subject->groups, {}, "", 1});
  REQUIRE(proof.has_value());
  CHECK(proof->refuted());
}

// What is there between the two runs that stay comes from the updates, in whatever order they are.
TEST_CASE("proof: a run of rows is replaced") {
  LockOptions locks;
  locks.carry = Carry::kData;
  CHECK(outcome(R"(
rows (float[6,9] x) => (float[6,5] y) <float[9,4] t, float[3,4] u, float[4,5] w>
{ start = Constant <value = int64 {2}> ()  end = Constant <value = int64 {5}> ()
  step = Constant <value = int64 {1}> ()  last = Constant <value = int64[1] {-1}> ()
  counted = Range(start, end, step)  places = Unsqueeze(counted, last)
  set = ScatterND(t, places, u)  p = MatMul(x, set)  y = MatMul(p, w) })",
                locks) == "");
}

// A lock for the user and one for ArgMax, on one value.
TEST_CASE("proof: classes that are a result, and chosen among as well") {
  CHECK(outcome(R"(
choice (float[b,12] x) => (int64[b,1] y, float[b,7] p) <float[12,9] u, float[9,7] w>
{ h = MatMul(x, u)  r = Relu(h)  p = MatMul(r, w)  y = ArgMax <axis = 1> (p) })") == "");
}

// Exporters write token types that are left out as zeros.
// The two largest may be equal: which of them is chosen must not depend on the order.
TEST_CASE("proof: ids that were chosen among a result select again, whatever is equal") {
  const TempFolder folder;
  const auto path = folder.write("model.onnx", text_model(R"(
again (float[3,4] x) => (float[3,7] s, float[3,6] y)
<float[4,9] u, float[9,7] v, float[7,5] t, float[5,6] z>
{ h = MatMul(x, u)  r = Relu(h)  s = MatMul(r, v)
  i = ArgMax <axis = 1, keepdims = 0> (s)  e = Gather(t, i)  y = MatMul(e, z) })")
                                                       .SerializeAsString());
  const Proof proof = ProofSample(path).proof();
  CHECK_MESSAGE(proof.complete(), first_of(proof));
  CHECK(proof.assumptions.empty());
}

TEST_CASE("proof: one row of a table, wherever it is read") {
  CHECK(outcome(R"(
types (int64[b,s] ids) => (float[b,s,6] y) <float[9,12] words, float[3,12] types, float[12,6] w>
{ d = Shape(ids)  zeros = ConstantOfShape <value = int64[1] {0}> (d)
  e = Gather(words, ids)  t = Gather(types, zeros)  x = Add(e, t)  y = MatMul(x, w) })") == "");
}

// As exporters write mask[items, positions], both counted.
TEST_CASE("proof: coordinates in several axes, each counted along one of its own") {
  LockOptions locks;
  locks.carry = Carry::kData;
  CHECK(outcome(R"(
grid (float[2,3] x) => (float[3,5] y)
<float[2,3] p, int64[3,2,2] at = {0,0, 1,0, 0,1, 1,1, 0,2, 1,2}, float[2,5] w>
{ u = Mul(x, p)  g = GatherND(u, at)  y = MatMul(g, w) })",
                locks) == "");
  CHECK(outcome(R"(
grid (float[3,2] x) => (float[2,3] y)
<float[3,2] p, int64[3,2,2] at = {0,0, 1,0, 0,1, 1,1, 0,2, 1,2}, float[2,3] none = {0,0,0, 0,0,0}>
{ u = Mul(x, p)  y = ScatterND(none, at, u) })",
                locks) == "");
}

// Pixels that a Gemm makes, each repeated, then averaged over the picture.
TEST_CASE("proof: what is padded is the same everywhere") {
  CHECK(outcome(R"(
pad (float[b,4] x, float[b,4] m) => (float[b,6] y)
<float[4,4] u, float[4,3] v, int64[4] ends = {0,3,0,0}, float[7,6] w>
{ g = MatMul(x, v)  p = MatMul(x, u)  all = Concat <axis = 1> (g, p)  mask = Pad(m, ends)
  a = Add(all, mask)  y = MatMul(a, w) })") == "");
}

// A grid of places, as vision models compute it: a column of rows beside a row of columns.
TEST_CASE("proof: an order that rows and columns have in common") {
  LockOptions locks;
  locks.carry = Carry::kData;
  CHECK(outcome(R"(
grid (float[3,4] x) => (float[3,4] y)
<float[3,1] down, float[1,4] across, int64[2] size = {3,4}, int64[1] flat = {-1},
 int64[1] last = {1}, float[2,5] u, float[5,1] v>
{ a = Expand(down, size)  b = Expand(across, size)  c = Reshape(a, flat)  d = Reshape(b, flat)
  e = Unsqueeze(c, last)  f = Unsqueeze(d, last)  pairs = Concat <axis = 1> (e, f)
  h = MatMul(pairs, u)  r = Relu(h)  o = MatMul(r, v)  g = Reshape(o, size)  y = Mul(x, g) })",
                locks) == "");
}

// A transposed convolution that lays windows side by side, whatever it calls its padding.
TEST_CASE("proof: transposed windows side by side") {
  CHECK(outcome(R"(
grow (float[b,10] x) => (float[b,6] y)
<float[10,48] u, float[3,2,2,2] k, int64[4] picture = {-1,3,4,4}, int64[2] flat = {-1,128},
 float[128,6] w>
{ g = MatMul(x, u)  p = Reshape(g, picture)
  c = ConvTranspose <auto_pad = "SAME_UPPER", kernel_shape = [2,2], strides = [2,2]> (p, k)
  f = Reshape(c, flat)  y = MatMul(f, w) })") == "");
}

TEST_CASE("proof: pictures of a batch are taken one by one") {
  LockOptions locks;
  locks.carry = Carry::kData;
  CHECK(outcome(R"(
patches (float[1,3,8,8] x) => (float[16,5] y)
<float[6,3,2,2] k, int64[1] first = {0}, int64[1] far = {9223372036854775807}, int64[1] last = {3},
 int64[2] flat = {6, 16}, float[6,5] w>
{ c = Conv <kernel_shape = [2,2], strides = [2,2]> (x, k)  a = Split <axis = 0> (c)
  b = Squeeze(a, first)  d = Unsqueeze(b, first)  e = Slice(d, first, far, last)
  f = Reshape(e, flat)  t = Transpose <perm = [1,0]> (f)  y = MatMul(t, w) })",
                locks) == "");
}

TEST_CASE("proof: nearest neighbours repeat pixels") {
  CHECK(outcome(R"(
grow (float[b,12] x) => (float[b,6] y) <float[12,48] u, float[192,6] w>
{ g = MatMul(x, u)  picture = Constant <value = int64[4] {-1, 3, 4, 4}> ()
  flat = Constant <value = int64[2] {-1, 192}> ()
  scales = Constant <value = float[4] {1.0, 1.0, 2.0, 2.0}> ()
  p = Reshape(g, picture)  r = Resize <mode = "nearest"> (p, , scales)  f = Reshape(r, flat)
  y = MatMul(f, w) })") == "");
}

TEST_CASE("proof: how far a transposed convolution reaches") {
  CHECK(outcome(R"(
grow (float[b,3,4,4] x) => (float[b,2,8,12] y)
<float[3,8,4,4] k, int64[5] apart = {-1, 4, 2, 8, 12}, int64[4] picture = {-1, 2, 8, 12},
 int64[1] one = {1}>
{ c = ConvTranspose <strides = [2,3], pads = [1,1,1,0], kernel_shape = [4,4]> (x, k)
  a = Reshape(c, apart)  s = ReduceSum <keepdims = 0> (a, one)  y = Reshape(s, picture) })") == "");
}

// What is computed from Shape(x), spelled out.
constexpr auto kSizes = R"(
  d = Shape(x)  zero = Constant <value = int64 {0}> ()  one = Constant <value = int64 {1}> ()
  b0 = Gather(d, zero)  s0 = Gather(d, one)  first = Constant <value = int64[1] {0}> ()
  b1 = Unsqueeze(b0, first)  s1 = Unsqueeze(s0, first)
  open = Constant <value = int64[1] {-1}> ()  head = Constant <value = int64[2] {3, 4}> ()
  flat = Concat <axis = 0> (b1, s1, open)  heads = Concat <axis = 0> (b1, s1, head))";

TEST_CASE("proof: the extent of an axis is not negative") {
  CHECK(outcome(std::string(R"(
sound (float[b,1,n] sound) => (float[b,t,6] y) <float[12,1,4] k, float[12,6] w>
{ c = Conv <kernel_shape = [4], strides = [2]> (sound, k)  x = Transpose <perm = [0,2,1]> (c)
)") + kSizes + R"(
  r = Range(zero, s0, one)  f = Cast <to = 1> (r)  axes = Constant <value = int64[2] {1, 2}> ()
  p = Unsqueeze(f, axes)  x4 = Reshape(x, heads)  a = Add(x4, p)  m = Reshape(a, flat)
  y = MatMul(m, w) })") == "");
}

TEST_CASE("proof: the last ones of a table, of which there may be fewer") {
  CHECK(outcome(std::string(R"(
bias (float[b,s,5] in) => (float[b,s,6] y) <float[5,12] u, float[12,6] w, float[40,1,1] table>
{ x = MatMul(in, u)
)") + kSizes + R"(
  all = Constant <value = int64 {40}> ()  from = Sub(all, s0)  least = Max(zero, from)
  start = Unsqueeze(least, first)  far = Constant <value = int64[1] {9223372036854775807}> ()
  p = Slice(table, start, far, first)
  x4 = Reshape(x, heads)  a = Add(x4, p)  m = Reshape(a, flat)  y = MatMul(m, w) })") == "");
}

// Exporters compute the side of a square in floating point, which the proof does not follow.
TEST_CASE("proof: an extent that can only be a root") {
  LockOptions locks;
  locks.carry = Carry::kData;
  CHECK(outcome(R"(
table (float[16,12] x) => (float[16,5] y) <float[16,12] p, float[12,5] w>
{ area = Constant <value = float {16}> ()  side = Sqrt(area)  whole = Cast <to = 7> (side)
  first = Constant <value = int64[1] {0}> ()  n = Unsqueeze(whole, first)
  last = Constant <value = int64[1] {12}> ()  square = Concat <axis = 0> (n, n, last)
  all = Constant <value = int64[2] {16, 12}> ()
  t = Reshape(p, square)  s = Softmax <axis = 1> (t)  r = Softmax <axis = 0> (s)
  back = Reshape(r, all)  u = Add(x, back)  y = MatMul(u, w) })",
                locks) == "");
}

}  // namespace
}  // namespace permcrypt::test
