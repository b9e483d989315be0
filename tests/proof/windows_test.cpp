// Convolutions of pictures whose pixels are renumbered all at once: every window must hold what one
// of the original holds, in the order of the weights.
#include "proof/ops/windows.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "base/temp_folder.h"
#include "infer/text_model.h"
#include "permcrypt/proof.h"

namespace permcrypt::proof {
namespace {

using permcrypt::testing::text_model;

TEST_CASE("windows apart: none reaches beyond the axis or into another") {
  CHECK(windows_apart({.stride = 2}, 8, 2) == 4);
  CHECK(windows_apart({.stride = 3}, 8, 2) == 3);
  CHECK(windows_apart({.stride = 4, .dilation = 3}, 8, 2) == 2);
  CHECK(windows_apart({.stride = 5}, 4, 4) == 1);
  CHECK_FALSE(windows_apart({.stride = 1}, 8, 2));                 // they overlap
  CHECK_FALSE(windows_apart({.stride = 2, .dilation = 2}, 8, 2));  // so do these
  CHECK_FALSE(windows_apart({.stride = 2, .before = 1}, 8, 2));
  CHECK_FALSE(windows_apart({.stride = 2, .after = 1}, 8, 2));
  CHECK_FALSE(
      windows_apart({.stride = 2, .ceil = true}, 7, 2));  // the last is longer than its rest
  CHECK_FALSE(windows_apart({.stride = 2, .same = true}, 7, 2));
  CHECK_FALSE(windows_apart({.stride = 2}, 1, 2));
  CHECK_FALSE(windows_apart({.stride = 0}, 8, 2));
}

// The weights of 3 kernels of 2 x 2 in the order of `pixels`.
void reorder(onnx::TensorProto& weights, const Permutation& pixels) {
  const std::string before = weights.raw_data();
  std::string after;
  for (std::size_t kernel = 0; kernel < 3; ++kernel) {
    for (const std::uint32_t old : pixels.old_of_new()) {
      after += before.substr(4 * (4 * kernel + old), 4);
    }
  }
  weights.set_raw_data(after);
}

// A user's map of pixels, and whether the weights follow it.
struct Scrambling {
  std::vector<Permutation> groups;  // the last is that of the pixels of a window
  AxisMap map;                      // of the whole picture
  JointAxes joint;
  bool weights_follow = true;
};

Model written(const test::TempFolder& folder, const char* name, const onnx::ModelProto& model) {
  auto read = read_model(folder.write(name, model.SerializeAsString()));
  REQUIRE(read);
  return *std::move(read);
}

Plan plan_of(const Scrambling& s, const Model& original) {
  Plan plan;
  for (const Permutation& group : s.groups) plan.groups.push_back({{}, group.size(), "", 1});
  PlanLock lock;
  lock.value = "x";
  lock.axis = 2;
  lock.carrier = Carrier::kInput;
  lock.upstream = {AxisMap::Kind::kFixed, s.map.extent, kNone, {}};
  lock.downstream = s.map;
  lock.joint = s.joint;
  plan.locks.push_back(lock);
  const auto last = static_cast<std::uint32_t>(s.groups.size() - 1);
  const auto still = [](std::uint64_t n) { return AxisMap{AxisMap::Kind::kFixed, n, kNone, {}}; };
  for (const Tensor& t : original.tensors) {
    if (t.name != "w" || !s.weights_follow) continue;
    plan.tensors.push_back({t.name,
                            *t.payload,
                            {32, {3, 1, 4}, 4},
                            {still(3), still(1), {AxisMap::Kind::kGroup, 4, last, {}}},
                            {}});
  }
  return plan;
}

// The sum over all windows of a picture of `size` x `size` pixels.
Proof prove_scrambled(const Scrambling& s, int size, int stride) {
  const std::string n = std::to_string(size), step = std::to_string(stride);
  const onnx::ModelProto before = text_model(
      "windows (float[1,1," + n + "," + n +
      "] x) => (float[1,3] y) <float[3,1,2,2] w>\n{ shape = "
      "Constant <value = int64[3] {1, 3, -1}> ()  axis = Constant <value = int64[1] {2}> ()\n"
      "  c = Conv <strides = [" +
      step + ", " + step +
      "]> (x, w)\n"
      "  r = Reshape(c, shape)  y = ReduceSum <keepdims = 0> (r, axis) }");
  onnx::ModelProto after = before;
  for (auto& tensor : *after.mutable_graph()->mutable_initializer()) {
    if (tensor.name() == "w" && s.weights_follow) reorder(tensor, s.groups.back());
  }
  const test::TempFolder folder;
  const Model original = written(folder, "before.onnx", before);
  const Model encrypted = written(folder, "after.onnx", after);
  const Plan plan = plan_of(s, original);
  const auto proof = prove({original, encrypted, plan, s.groups, {}, "", 1});
  REQUIRE_MESSAGE(proof, proof.error().message);
  return *proof;
}

bool says(const Proof& proof, const std::string& what) {
  return std::ranges::any_of(proof.contradictions, [&](const std::string& line) {
    return line.find(what) != std::string::npos;
  });
}

const AxisMap kWindow{AxisMap::Kind::kGroup, 4, 0, {}}, kPixel{AxisMap::Kind::kGroup, 4, 1, {}};
// 2 x 2 windows of 2 x 2 pixels.
const JointAxes kPatches{{{2, 2}, {2, 2}}, {0, 2, 1, 3}};

TEST_CASE("proof: windows change places, and pixels within all of them, as do the weights") {
  Scrambling s{{Permutation({2, 0, 3, 1}), Permutation({1, 3, 0, 2})},
               {AxisMap::Kind::kProduct, 16, kNone, {kWindow, kPixel}},
               kPatches};
  CHECK(prove_scrambled(s, 4, 2).complete());
  s.weights_follow = false;
  CHECK(says(prove_scrambled(s, 4, 2), "other elements than its weights are for"));
}

TEST_CASE("proof: a window that holds pixels of two is none of the original's") {
  std::vector<std::uint32_t> order(16);
  for (std::uint32_t i = 0; i < 16; ++i) order[i] = i;
  std::swap(order[3], order[4]);
  const Scrambling s{{Permutation(order), Permutation({0, 1, 2, 3})},
                     {AxisMap::Kind::kGroup, 16, 0, {}},
                     kPatches};
  CHECK(says(prove_scrambled(s, 4, 2), "other elements than its weights are for"));
}

TEST_CASE("proof: a pixel between windows does not come into one") {
  std::vector<std::uint32_t> order(25);
  for (std::uint32_t i = 0; i < 25; ++i) order[i] = i;
  std::swap(order[0], order[2]);  // column 2 lies between windows
  const JointAxes rows{{{5}, {5}}, {0, 1}};
  Scrambling s{
      {Permutation(order), Permutation({0, 1, 2, 3})}, {AxisMap::Kind::kGroup, 25, 0, {}}, rows};
  CHECK(says(prove_scrambled(s, 5, 3), "a window holds what none held"));
  std::swap(order[0], order[2]);
  std::swap(order[2], order[12]);  // two that are in none: nobody notices
  s.groups[0] = Permutation(order);
  CHECK(prove_scrambled(s, 5, 3).complete());
}

}  // namespace
}  // namespace permcrypt::proof
