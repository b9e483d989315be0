// Decoders that carry keys and values from step to step, the parts of each head in an order of its
// own: caches go back in as they came out.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "infer/text_model.h"
#include "permcrypt/decrypt.h"
#include "proof/proof_sample.h"
#include "verify/compare.h"
#include "verify/lock_vector.h"
#include "verify/numeric_check.h"
#include "verify/runtime.h"
#include "verify/test_tensors.h"
#include "verify/token_file.h"

namespace permcrypt::test {
namespace {

using permcrypt::testing::floats;
using permcrypt::testing::text_model;

constexpr std::int64_t kBatch = 2, kWidth = 24;

// One layer: y = (x0 + attention(x0) wo) wu, where x0 = x wi.
struct Decoder {
  std::string name, caches, presents;
  std::string weights;    // with wo
  std::string attention;  // makes a[b,s,..] of x0, and the presents

  std::string graph() const {
    return name + " (float[b,s,24] x, " + caches + ") => (float[b,s,24] y, " + presents +
           ")\n<float[24,24] wi, float[24,24] wu, " + weights + ">\n{ x0 = MatMul(x, wi) " +
           attention + " m = MatMul(a, wo) r = Add(x0, m) y = MatMul(r, wu) }";
  }
};

const std::string kThreeHeads = "float[b,3,p,8] past_k, float[b,3,p,8] past_v",
                  kThreeNow = "float[b,3,t,8] k, float[b,3,t,8] v",
                  kProjections = "q0 = MatMul(x0, wq)  k0 = MatMul(x0, wk)  v0 = MatMul(x0, wv) ",
                  kSquare = "float[24,24] wq, float[24,24] wk, float[24,24] wv, float[24,24] wo",
                  kByHead = R"(
  heads = Constant <value = int64[4] {0,0,3,8}> ()
  q1 = Reshape(q0, heads)  k1 = Reshape(k0, heads)  v1 = Reshape(v0, heads)
  q = Transpose <perm = [0,2,1,3]> (q1)  k2 = Transpose <perm = [0,2,1,3]> (k1)
  v2 = Transpose <perm = [0,2,1,3]> (v1) )",
                  kAttend = R"(
  flat = Constant <value = int64[3] {0,0,24}> ()  kt = Transpose <perm = [0,1,3,2]> (k)
  scores = MatMul(q, kt)  shares = Softmax(scores)  o = MatMul(shares, v)
  o1 = Transpose <perm = [0,2,1,3]> (o)  a = Reshape(o1, flat) )";

const Decoder kDecoders[] = {
    {"in_primitives", kThreeHeads, kThreeNow, kSquare,
     kProjections + kByHead + R"(
  k = Concat <axis = 2> (past_k, k2)  v = Concat <axis = 2> (past_v, v2) )" +
         kAttend},
    {"in_a_branch", kThreeHeads, kThreeNow, kSquare,
     kProjections + kByHead + R"(
  d = Shape <start = 2, end = 3> (past_k)  one = Constant <value = int64[1] {1}> ()
  first = Less(d, one)
  k, v = If (first) <
    then_branch = a () => (float[b,3,t,8] ka, float[b,3,t,8] va)
      { ka = Identity(k2)  va = Identity(v2) },
    else_branch = c () => (float[b,3,t,8] kc, float[b,3,t,8] vc)
      { kc = Concat <axis = 2> (past_k, k2)  vc = Concat <axis = 2> (past_v, v2) }> )" +
         kAttend},
    {"fused", kThreeHeads, kThreeNow, kSquare, kProjections + R"(
  a, k, v = com.microsoft.MultiHeadAttention <num_heads = 3> (q0, k0, v0, , , , past_k, past_v) )"},
    {"both_in_one", "float[2,b,3,p,8] past", "float[2,b,3,t,8] present",
     "float[24,72] w, float[72] c, float[24,24] wo", R"(
  a, present = com.microsoft.Attention <num_heads = 3, unidirectional = 1> (x0, w, c, , past) )"},
    // Three heads of queries for each of keys and values.
    {"grouped", "float[b,2,p,12] past_k, float[b,2,p,12] past_v",
     "float[b,2,t,12] k, float[b,2,t,12] v",
     "float[24,72] wq, float[24,24] wk, float[24,24] wv, float[72,24] wo", kProjections + R"(
  all = Constant <value = int64[4] {0,0,6,12}> ()  heads = Constant <value = int64[4] {0,0,2,12}> ()
  q1 = Reshape(q0, all)  k1 = Reshape(k0, heads)  v1 = Reshape(v0, heads)
  q = Transpose <perm = [0,2,1,3]> (q1)  k2 = Transpose <perm = [0,2,1,3]> (k1)
  v2 = Transpose <perm = [0,2,1,3]> (v1)
  k = Concat <axis = 2> (past_k, k2)  v = Concat <axis = 2> (past_v, v2)
  two = Constant <value = int64[1] {2}> ()  kx = Unsqueeze(k, two)  vx = Unsqueeze(v, two)
  thrice = Constant <value = int64[5] {1,1,3,1,1}> ()
  ke = Expand(kx, thrice)  ve = Expand(vx, thrice)
  six = Constant <value = int64[4] {0,6,-1,12}> ()  kr = Reshape(ke, six)  vr = Reshape(ve, six)
  kt = Transpose <perm = [0,1,3,2]> (kr)
  scores = MatMul(q, kt)  shares = Softmax(scores)  o = MatMul(shares, vr)
  flat = Constant <value = int64[3] {0,0,72}> ()
  o1 = Transpose <perm = [0,2,1,3]> (o)  a = Reshape(o1, flat) )"},
};

double first_differs(const std::vector<TensorData>& x, const std::vector<TensorData>& y) {
  return compare_outputs(std::span(x).first(1), std::span(y).first(1)).value()[0].max_relative;
}

class CachedDecoder {
 public:
  explicit CachedDecoder(const Decoder& decoder)
      : original_(folder_.write("model.onnx", text_model(decoder.graph()).SerializeAsString())),
        sample_(original_),
        random_(3) {}

  const ProofSample& sample() const { return sample_; }
  const Plan& plan() const { return sample_.plan(); }
  const std::filesystem::path& original() const { return original_; }

  // Both models, for so many steps of two places each.
  void check_steps(int steps) {
    auto plain = Session::open(original_, {}), locked = Session::open(sample_.encrypted(), {});
    REQUIRE(plain.has_value());
    REQUIRE_MESSAGE(locked.has_value(), locked.error().message);
    std::vector<TensorData> pasts = empty_pasts(*plain), own_pasts = pasts;
    for (int step = 0; step < steps; ++step) {
      CAPTURE(step);
      const TensorData x = places(2);
      const auto expected = run(*plain, x, pasts);
      const auto actual = run(*locked, x, own_pasts);
      CHECK(first_differs(expected, actual) < 1e-5);
      pasts = fed_back(expected);
      own_pasts = fed_back(actual);
      // They differ, else the order of each head was not put to the test.
      CHECK(first_differs(pasts, own_pasts) > 0.1);
    }
  }

 private:
  TensorData places(std::int64_t count) {
    std::normal_distribution<float> normal;
    std::vector<float> out;
    for (std::int64_t i = 0; i < kBatch * count * kWidth; ++i) out.push_back(normal(random_));
    return floats("x", {kBatch, count, kWidth}, out);
  }

  std::vector<TensorData> empty_pasts(const Session& session) {
    std::vector<TensorData> out;
    for (const PlanCache& cache : plan().caches) {
      TensorData& past = out.emplace_back();
      past.name = cache.past;
      past.type = onnx::TensorProto::FLOAT;
      const auto info = std::ranges::find(session.inputs(), cache.past, &TensorInfo::name);
      for (const auto& dim : info->shape) {
        past.shape.push_back(dim.size >= 0 ? dim.size : dim.name == "b" ? kBatch : 0);
      }
    }
    return out;
  }

  std::vector<TensorData> run(Session& session, const TensorData& x,
                              const std::vector<TensorData>& pasts) {
    std::vector<TensorData> feeds = pasts;
    feeds.push_back(x);
    if (!session.key_input().empty()) {
      feeds.push_back(key_tensor(sample_.key()));
      feeds.back().name = session.key_input();
    }
    auto out = session.run(feeds);
    REQUIRE_MESSAGE(out.has_value(), out.error().message);
    return *std::move(out);
  }

  std::vector<TensorData> fed_back(const std::vector<TensorData>& outputs) {
    std::vector<TensorData> out;
    for (const PlanCache& cache : plan().caches) {
      out.push_back(*std::ranges::find(outputs, cache.present, &TensorData::name));
      out.back().name = cache.past;
    }
    return out;
  }

  TempFolder folder_;
  std::filesystem::path original_;
  ProofSample sample_;
  std::mt19937 random_;
};

// Fibred axes of caches.
int fibred_axes(const Plan& plan) {
  int out = 0;
  for (const PlanCache& cache : plan.caches) {
    out += static_cast<int>(cache.leading.size()) -
           static_cast<int>(std::ranges::count(cache.leading, kNone));
  }
  return out;
}

TEST_CASE("cached decoder: five steps, and back") {
  for (const Decoder& form : kDecoders) {
    CAPTURE(form.name);
    CachedDecoder decoder(form);
    CHECK(fibred_axes(decoder.plan()) == static_cast<int>(decoder.plan().caches.size()));
    const Proof proof = decoder.sample().proof();
    CHECK_MESSAGE(proof.complete(), (proof.refuted() ? proof.contradictions[0] : ""));
    for (const auto& [what, nodes] : proof.not_understood) CHECK_MESSAGE(nodes == 0, what);
    if (runtime_available()) decoder.check_steps(5);
    DecryptRequest request;
    request.model = decoder.sample().encrypted();
    request.out = decoder.sample().folder() / "back.onnx";
    request.key.file = decoder.sample().folder() / "key";
    REQUIRE(decrypt(request).has_value());
    CHECK(read_all(*request.out) == read_all(decoder.original()));
  }
}

// Whether results are equal with the key, for caches as `plan` says.
bool gives_equal_results(const CachedDecoder& decoder, const Plan& plan) {
  auto trial = Trial::open(decoder.original(), decoder.sample().encrypted(), plan,
                           decoder.sample().groups(), {.inputs = {}, .threads = 1});
  REQUIRE_MESSAGE(trial.has_value(), trial.error().message);
  std::vector<OutputFigures> figures;
  const auto model = read_model(decoder.original());
  const auto check = check_with_key(*trial, decoder.sample().key(),
                                    derive_tolerance(model->structure, plan), figures);
  REQUIRE(check.has_value());
  return check->outcome == Outcome::kPassed;
}

TEST_CASE("cached decoder: a cache in another order is found") {
  for (const Decoder& form : kDecoders) {
    CAPTURE(form.name);
    const CachedDecoder decoder(form);
    if (decoder.plan().caches.size() < 2) continue;
    if (runtime_available()) CHECK(gives_equal_results(decoder, decoder.plan()));
    // Both sides of a pair, what goes in, what comes out.
    for (const int wrong : {0, 1, 2}) {
      CAPTURE(wrong);
      Plan plan = decoder.plan();
      PlanCache &one = plan.caches[0], &other = plan.caches[1];
      if (wrong == 0) std::swap(one.axes, other.axes);
      if (wrong == 1) std::swap(one.past, other.past);
      if (wrong == 2) std::swap(one.present, other.present);
      const auto proof = decoder.sample().prove_with(plan);
      REQUIRE(proof.has_value());
      CHECK(proof->refuted());
      if (runtime_available()) CHECK_FALSE(gives_equal_results(decoder, plan));
    }
  }
}

}  // namespace
}  // namespace permcrypt::test
