#include "base/page_budget.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "base/temp_folder.h"

namespace permcrypt::test {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

TEST_CASE("page budget: what is mapped stays below the limit") {
  REQUIRE(mapped_bytes());
  const TempFolder folder;
  const auto file = MappedFile::open(folder.write("data", std::string(32 * kMiB, 'x')));
  REQUIRE(file);
  const std::uint64_t before = *mapped_bytes();
  PageBudget pages(4 * kMiB);
  std::size_t letters = 0;
  std::uint64_t most = 0;
  for (std::uint64_t at = 0; at < file->size(); at += kMiB) {
    for (const char c : file->bytes().substr(at, kMiB)) letters += c == 'x';
    most = std::max(most, *mapped_bytes());
    pages.spend(*file, kMiB);
  }
  CHECK(letters == file->size());
  CHECK(most > before);
  CHECK(most <= before + 8 * kMiB);
}

TEST_CASE("page budget: room for the next step, when steps are large") {
  REQUIRE(mapped_bytes());
  const TempFolder folder;
  const auto file = MappedFile::open(folder.write("data", std::string(48 * kMiB, 'x')));
  REQUIRE(file);
  const std::uint64_t before = *mapped_bytes();
  PageBudget pages(10 * kMiB);
  std::size_t letters = 0;
  std::uint64_t most = 0;
  for (std::uint64_t at = 0; at < file->size(); at += 6 * kMiB) {
    for (const char c : file->bytes().substr(at, 6 * kMiB)) letters += c == 'x';
    most = std::max(most, *mapped_bytes());
    pages.spend(*file, 6 * kMiB);
  }
  CHECK(letters == file->size());
  CHECK(most <= before + 10 * kMiB);
}

TEST_CASE("page budget: the more a process has in memory, the less is mapped") {
  CHECK(beside_heap(kMostMapped, 0) == kMostMapped);
  CHECK(beside_heap(kMostMapped, kUsualHeap) == kMostMapped);
  CHECK(beside_heap(kMostMapped, kUsualHeap + 50 * kMiB) == kMostMapped - 50 * kMiB);
  CHECK(beside_heap(kMostMapped, 1000 * kMiB) == kLeastMapped);
  CHECK(beside_heap(4 * kMiB, 1000 * kMiB) == 4 * kMiB);
}

TEST_CASE("page budget: by what was read, where the system does not tell") {
  PageBudget pages(40, std::nullopt);
  int drops = 0;
  for (int i = 0; i < 110; ++i) drops += pages.use(1);
  CHECK(drops == 10);
}

}  // namespace
}  // namespace permcrypt::test
