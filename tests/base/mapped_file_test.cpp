#include "base/mapped_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <limits>
#include <string>
#include <utility>

#include "base/temp_folder.h"

using namespace permcrypt;

TEST_CASE("a mapped file shows its bytes, also after a move") {
  test::TempFolder folder;
  const auto path = folder.write("data", "0123456789");
  auto opened = MappedFile::open(path);
  REQUIRE(opened);
  const MappedFile file = std::move(*opened);
  CHECK(file.bytes() == "0123456789");
  CHECK(file.range(3, 4) == "3456");
  CHECK(file.range(10, 0) == "");
}

TEST_CASE("an empty file is fine") {
  test::TempFolder folder;
  const auto file = MappedFile::open(folder.write("empty", ""));
  REQUIRE(file);
  CHECK(file->bytes().empty());
  CHECK(file->range(0, 0) == "");
  CHECK_FALSE(file->range(0, 1));
}

TEST_CASE("ranges past the end are refused, also when their sum overflows") {
  test::TempFolder folder;
  const auto file = MappedFile::open(folder.write("data", "0123456789"));
  REQUIRE(file);
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  CHECK_FALSE(file->range(3, 8));
  CHECK_FALSE(file->range(11, 0));
  CHECK_FALSE(file->range(3, kMost));
  CHECK_FALSE(file->range(kMost, 3));
}

TEST_CASE("a file that shrank is an error, not a bus error") {
  test::TempFolder folder;
  const auto path = folder.write("data", std::string(10000, 'x'));
  const auto file = MappedFile::open(path);
  REQUIRE(file);
  std::filesystem::resize_file(path, 100);
  const auto range = file->range(9000, 10);
  REQUIRE_FALSE(range);
  CHECK(range.error().kind == ErrorKind::kInput);
}

TEST_CASE("what cannot be mapped is an input error that names it") {
  test::TempFolder folder;
  const auto pipe = folder.path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  for (const auto& path : {folder.path() / "missing", folder.path(), pipe}) {
    const auto file = MappedFile::open(path);
    REQUIRE_FALSE(file);
    CHECK(file.error().kind == ErrorKind::kInput);
    CHECK(file.error().message.find(path.filename().native()) != std::string::npos);
    CHECK_FALSE(file.error().hint.empty());
  }
}

TEST_CASE("a file is itself under other names, and a copy is not") {
  test::TempFolder folder;
  const auto path = folder.write("data", "x");
  const auto copy = folder.write("copy", "x");
  const auto link = folder.path() / "link";
  std::filesystem::create_symlink(path, link);
  const auto original = MappedFile::open(path);
  CHECK(original->same_file(*MappedFile::open(link)));
  CHECK_FALSE(original->same_file(*MappedFile::open(copy)));
}
