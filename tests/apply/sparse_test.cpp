#include "apply/sparse.h"

#include <doctest/doctest.h>

#include "apply/sparse_case.h"
#include "base/temp_folder.h"

namespace permcrypt {
namespace {

using test::SparseCase;
using test::TempFolder;

// Both parts in one file, and a job that moves them.
struct Files {
  TempFolder folder;
  CopyJob job;
  SparseCase c;

  explicit Files(SparseCase of) : c(std::move(of)) {
    c.values.offset = c.indices_before.size();
    job.permutations = c.permutations;
    job.files.resize(1);
    job.files[0].moves = {c.indices, c.values};
    put(c.indices_before + c.values_before);
  }
  void put(const std::string& bytes) { job.files[0].input = folder.write("in", bytes); }

  Result<std::string> values() const { return permute_sparse(c.values, c.values_before, job); }
  Result<std::string> indices() const { return permute_sparse(c.indices, c.indices_before, job); }
};

Result<std::string> copied(const CopyJob& job) {
  std::string out;
  CopyOptions options;
  options.threads = 1;
  const auto done = copy_files(job, options, [&](auto, std::uint64_t offset, auto bytes) {
    out.resize(std::max<std::size_t>(out.size(), offset + bytes.size()));
    out.replace(offset, bytes.size(), bytes);
    return Result<void>{};
  });
  if (!done) return fail(done.error());
  return out;
}

TEST_CASE("entries of a sparse tensor are those of the whole tensor, permuted") {
  std::mt19937 random(1);
  const std::vector<std::vector<std::uint64_t>> shapes = {{40}, {9, 7}, {5, 1, 8}, {2, 3, 4, 5}};
  for (int round = 0; round < 200; ++round) {
    const auto& shape = shapes[random() % shapes.size()];
    std::uint64_t elements = 1;
    for (const std::uint64_t extent : shape) elements *= extent;
    const auto encoding = static_cast<Encoding>(random() % 3);
    const std::size_t entries = round % 10 == 0 ? elements : 1 + random() % elements;
    const Files files(
        test::make_sparse_case(shape, random(), entries, random() % 2 == 0, random, encoding));
    CAPTURE(round);
    const auto values = files.values(), indices = files.indices();
    REQUIRE_MESSAGE(values.has_value(), values.error().message);
    REQUIRE_MESSAGE(indices.has_value(), indices.error().message);
    CHECK(*values == files.c.values_after);
    CHECK(*indices == files.c.indices_after);
  }
}

TEST_CASE("sparse tensors are copied there and back, beside edits") {
  std::mt19937 random(2);
  for (const bool coordinates : {false, true}) {
    Files files(test::make_sparse_case({300, 200}, 3, 5000, coordinates, random));
    files.job.files[0].edits = {{0, 0, "", "before"}, {0, files.c.values.offset, "", "between"}};
    const std::string before = test::read_all(files.job.files[0].input);
    const auto there = copied(files.job);
    REQUIRE(there.has_value());
    CHECK(*there == "before" + files.c.indices_after + "between" + files.c.values_after);
    CopyJob back = inverse(files.job);
    back.files[0].input = files.folder.write("out", *there);
    CHECK(copied(back).value_or("") == before);
  }
}

TEST_CASE("values may be longer than a chunk, and lie in another file than indices") {
  std::mt19937 random(3);
  SparseCase c = test::make_sparse_case({700, 900}, 3, 400000, false, random);
  const TempFolder folder;
  CopyJob job;
  job.permutations = c.permutations;
  job.files.resize(2);
  job.files[0] = {folder.write("values", c.values_before), {}, {c.values}, 0, {}};
  job.files[1] = {folder.write("indices", c.indices_before), {}, {c.indices}, 0, {}};
  for (FileCopy& file : job.files) file.moves[0].sparse->file = 1;
  std::string out[2] = {std::string(c.values_before.size(), '\0'),
                        std::string(c.indices_before.size(), '\0')};
  CopyOptions options;
  options.threads = 3;
  const auto done = copy_files(job, options, [&](auto file, std::uint64_t offset, auto bytes) {
    bytes.copy(out[file].data() + offset, bytes.size());
    return Result<void>{};
  });
  REQUIRE(done.has_value());
  CHECK(out[0] == c.values_after);
  CHECK(out[1] == c.indices_after);
}

TEST_CASE("values follow indices that were moved before them") {
  std::mt19937 random(4);
  Files files(test::make_sparse_case({30, 50}, 3, 400, true, random));
  files.put(files.c.indices_after + files.c.values_before);
  files.c.values.sparse->moved = true;
  CHECK(files.values().value_or("") == files.c.values_after);
}

std::string number(std::uint64_t value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

TEST_CASE("indices that are not those of a sparse tensor are refused") {
  std::mt19937 random(5);
  Files files(test::make_sparse_case({10, 20}, 3, 4, false, random));
  const auto refused = [&](const std::string& indices) {
    files.put(indices + files.c.values_before);
    for (const auto& part : {files.values(), files.indices()}) {
      if (part || part.error().kind != ErrorKind::kInput) return false;
    }
    return true;
  };
  CHECK_FALSE(refused(number(0) + number(3) + number(4) + number(199)));
  CHECK(refused(number(0) + number(3) + number(4) + number(200)));
  CHECK(refused(number(0) + number(3) + number(3) + number(199)));
  CHECK(refused(number(3) + number(0) + number(4) + number(199)));
  CHECK(refused(number(0) + number(3) + number(4) + number(~std::uint64_t{0})));
  files.c.values.sparse->coordinates = files.c.indices.sparse->coordinates = true;
  CHECK(refused(files.c.indices_before));  // half as many as that takes
}

TEST_CASE("lengths that do not fit are refused before memory is taken for them") {
  std::mt19937 random(6);
  for (const std::uint64_t entries : {std::uint64_t{3}, std::uint64_t{5}, std::uint64_t{1} << 31,
                                      std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    for (const bool coordinates : {false, true}) {
      for (const Encoding encoding : {Encoding::kFixed, Encoding::kVarint, Encoding::kTagged}) {
        Files files(test::make_sparse_case({10, 12}, 3, 4, coordinates, random, encoding));
        files.c.values.sparse->entries = files.c.indices.sparse->entries = entries;
        CHECK(files.values().error().kind == ErrorKind::kInput);
        CHECK(files.indices().error().kind == ErrorKind::kInput);
      }
    }
  }
  Files files(test::make_sparse_case({10, 12}, 3, 4, false, random));
  files.c.values.sparse->offset = std::uint64_t{1} << 60;  // past the end of the file
  CHECK(files.values().error().kind == ErrorKind::kInput);
  files.c.values.sparse->offset = 0;
  files.c.values.view.shape = {std::uint64_t{1} << 40, std::uint64_t{1} << 40};
  CHECK(files.values().error().kind == ErrorKind::kInput);
}

}  // namespace
}  // namespace permcrypt
