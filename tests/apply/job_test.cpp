#include <doctest/doctest.h>

#include <cstring>
#include <random>

#include "apply/copied.h"
#include "apply/naive.h"
#include "base/temp_folder.h"

namespace permcrypt {
namespace {

namespace fs = std::filesystem;
using test::copied;
using test::Copied;
using test::TempFolder;

TEST_CASE("a plan becomes a job, and the way back finds everything again") {
  std::mt19937 random(7);
  const TempFolder folder;
  const std::string model = test::noise(500, random), data = test::noise(900, random);
  Plan plan;
  plan.groups = {{GroupId{}, 5, "residual"}, {GroupId{}, 3, "hidden"}};
  const std::vector<Permutation> groups = {test::shuffled(5, random), test::shuffled(3, random)};
  const AxisMap still{AxisMap::Kind::kFixed, 7, kNone, {}};
  const AxisMap residual{AxisMap::Kind::kGroup, 5, 0, {}};
  const AxisMap hidden{AxisMap::Kind::kGroup, 3, 1, {}};
  plan.tensors = {
      {"a", {0, 40, 60}, {32, {5, 3}, 3, Encoding::kFixed}, {residual, hidden}, std::nullopt},
      {"b",
       {1, 100, 210},
       {16, {5, 7, 3}, 3, Encoding::kFixed},
       {residual, still, hidden},
       std::nullopt}};
  plan.edits = {{0, 10, model.substr(10, 4), "longer than before"},
                {1, 400, data.substr(400, 9), ""}};
  const std::vector<fs::path> inputs = {folder.write("m", model), folder.write("d", data)};

  const CopyJob job = encryption_job(plan, groups, inputs);
  CHECK(job.permutations.size() == 2);
  CHECK(job.files[1].moves[0].axes == std::vector<std::uint32_t>{0, kNone, 1});
  const Copied there = copied(job);
  const std::vector<fs::path> encrypted = {
      folder.write("em", there.bytes[0] + std::string(80, 'm')),
      folder.write("ed", there.bytes[1])};
  const auto back = decryption_job(plan, groups, encrypted, model.size());
  REQUIRE(back.has_value());
  CHECK(back->files[0].manifest_bytes == 80);
  CHECK(copied(*back).bytes == std::vector<std::string>{model, data});

  folder.write("em", there.bytes[0] + std::string(63, 'm'));  // no room for a MAC
  const auto cut = decryption_job(plan, groups, encrypted, model.size());
  REQUIRE(!cut.has_value());
  CHECK(cut.error().kind == ErrorKind::kResult);
}

TEST_CASE("index tables are rewritten so that they select what they selected before") {
  std::mt19937 random(8);
  const TempFolder folder;
  const std::vector<std::int64_t> table = {4, 0, -1, 2, 2, -5};
  const std::string input(reinterpret_cast<const char*>(table.data()), table.size() * 8);
  Plan plan;
  plan.groups = {{GroupId{}, 5, "rows"}};
  const Permutation rows = test::shuffled(5, random);
  plan.tensors = {{"t",
                   {0, 0, input.size()},
                   {64, {6}, 6, Encoding::kFixed},
                   {AxisMap{AxisMap::Kind::kFixed, 6, kNone, {}}},
                   AxisMap{AxisMap::Kind::kGroup, 5, 0, {}}}};
  const CopyJob job = encryption_job(plan, {rows}, {folder.write("in", input)});
  const Copied there = copied(job);
  for (std::size_t i = 0; i < table.size(); ++i) {
    std::int64_t moved;
    std::memcpy(&moved, there.bytes[0].data() + 8 * i, 8);
    CHECK(rows[(moved + 5) % 5] == (table[i] + 5) % 5);  // new row `moved` is old row `table[i]`
    CHECK((moved < 0) == (table[i] < 0));
  }
  CopyJob back = inverse(job);
  back.files[0].input = folder.write("out", there.bytes[0]);
  CHECK(copied(back).bytes[0] == input);
}

}  // namespace
}  // namespace permcrypt
