#include "write/in_place.h"

#include <doctest/doctest.h>

#include <fstream>
#include <random>

#include "apply/in_place.h"
#include "apply/sparse_case.h"
#include "base/temp_folder.h"
#include "write/step_record.h"

using namespace permcrypt;
using namespace permcrypt::test;

namespace {

constexpr std::uint64_t kStep = 2500;
const DigestKey kKey = {1, 2, 3};

// A job over a model of two data files, and what it must make of them.
struct Sample {
  TempFolder folder;
  CopyJob job;
  std::vector<std::string> before, after;

  Sample() {
    std::mt19937 random(5);
    before = after = {"model", noise(9, random), noise(17, random)};
    add(1, make_case({40, 5}, 1, 32, 0, random));      // whole, in one step
    add(1, make_case({3, 7}, 2, 16, 0, random));       //
    add(1, make_case({60, 70}, 3, 32, 0, random));     // rows along cycles, columns within them
    add(2, make_case({6, 50, 70}, 3, 16, 0, random));  // composite rows
    add(2, make_case({300, 8}, 1, 32, 3, random));     // padded rows
    add(2, make_case({500}, 1, 8, 0, random));
    add(2, make_case({4, 2000}, 1, 8, 0, random));  // rows nearly as long as a step
    add(2, make_case({90, 64}, 3, 4, 0, random));   // nibbles
    // Sparse tensors whose values come behind their indices, before them, and in a file before.
    add_sparse(1, 1, true, make_sparse_case({30, 20}, 3, 90, false, random));
    add_sparse(2, 2, false, make_sparse_case({12, 20}, 3, 70, true, random));
    add_sparse(1, 2, false, make_sparse_case({12, 20}, 2, 50, true, random));
    add_sparse(2, 1, true, make_sparse_case({50, 20}, 1, 50, false, random));
    for (std::size_t i = 0; i < 3; ++i) {
      job.files[i].input = folder.write("file" + std::to_string(i), before[i]);
    }
  }

  void add(std::size_t file, const Case& c) {
    job.files.resize(3);
    PayloadMove move = c.move;
    move.offset = before[file].size();
    for (std::uint32_t& axis : move.axes) {
      if (axis != kNone) axis += static_cast<std::uint32_t>(job.permutations.size());
    }
    job.permutations.insert(job.permutations.end(), c.permutations.begin(), c.permutations.end());
    job.files[file].moves.push_back(move);
    before[file] += c.payload + "gap";
    after[file] += naive_gather(c.move, c.payload, c.permutations) + "gap";
  }

  void add_sparse(std::size_t values, std::size_t indices, bool indices_first, SparseCase c) {
    for (PayloadMove* move : {&c.values, &c.indices}) {
      for (std::uint32_t& axis : move->axes) {
        if (axis != kNone) axis += static_cast<std::uint32_t>(job.permutations.size());
      }
      move->sparse->file = static_cast<std::uint32_t>(indices);
    }
    job.permutations.insert(job.permutations.end(), c.permutations.begin(), c.permutations.end());
    const auto append = [&](std::size_t file, PayloadMove& move, const std::string& bytes,
                            const std::string& moved) {
      move.offset = before[file].size();
      before[file] += bytes + "gap";
      after[file] += moved + "gap";
    };
    const bool same_file = values == indices;
    if (!same_file || indices_first) append(indices, c.indices, c.indices_before, c.indices_after);
    append(values, c.values, c.values_before, c.values_after);
    if (same_file && !indices_first) append(indices, c.indices, c.indices_before, c.indices_after);
    for (PayloadMove* move : {&c.values, &c.indices}) move->sparse->offset = c.indices.offset;
    if (indices_first || !same_file) job.files[indices].moves.push_back(c.indices);
    job.files[values].moves.push_back(c.values);
    if (!indices_first && same_file) job.files[indices].moves.push_back(c.indices);
  }

  void put(std::size_t file, std::uint64_t offset, std::string_view bytes) const {
    std::fstream out(job.files[file].input, std::ios::binary | std::ios::in | std::ios::out);
    out.seekp(static_cast<std::streamoff>(offset));
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  // The places of a step from `from` on, at most `count` of them.
  void apply(const InPlaceStep& step, std::size_t from, std::size_t count) const {
    std::uint64_t at = 0;
    for (std::size_t i = 0; i < step.places.size(); ++i) {
      const auto [offset, length] = step.places[i];
      if (i >= from && i - from < count) put(step.file, offset, step.bytes.substr(at, length));
      at += length;
    }
  }
  std::filesystem::path journal() const { return folder / "journal"; }
  void check_done() const {
    for (std::size_t i = 0; i < 3; ++i) CHECK(read_all(job.files[i].input) == after[i]);
  }
};

}  // namespace

TEST_CASE("in place: what a copy would have") {
  Sample sample;
  auto journal = Journal::create(sample.journal(), "header", kStep);
  REQUIRE(journal);
  REQUIRE(permute_in_place(sample.job, *journal, kKey, 2));
  sample.check_done();
  CHECK(journal->remove());
  CHECK_FALSE(std::filesystem::exists(sample.journal()));
}

// A crash after any step, and at any point of applying it: its bytes are there in part, or the
// record of the next one is.
TEST_CASE("in place: it goes on from every moment") {
  std::size_t steps = 1;
  for (std::size_t crash = 0; crash < steps; ++crash) {
    for (const int moment : {0, 1, 2, 3}) {
      CAPTURE(crash);
      CAPTURE(moment);
      Sample sample;
      {
        auto journal = Journal::create(sample.journal(), "header", kStep);
        REQUIRE(journal);
        InPlace work(sample.job, kStep, 2);
        InPlaceCursor cursor;
        for (std::size_t i = 0; i <= crash; ++i) {
          const auto step = work.next(cursor);
          REQUIRE(step);
          if (step->places.empty()) break;
          CHECK(step->bytes.size() <= 2 * kStep);
          REQUIRE(journal->append(record_head(*step), step->bytes, kKey));
          if (i + 1 == steps) ++steps;
          const std::size_t half = step->places.size() / 2;
          if (i < crash || moment == 3) {
            sample.apply(*step, 0, step->places.size());
          } else if (moment > 0) {
            sample.apply(*step, moment == 1 ? 0 : half, half);
          }
          cursor = step->next;
        }
      }
      auto journal = Journal::open(sample.journal());
      REQUIRE(journal);
      CHECK(journal->header() == "header");
      REQUIRE(permute_in_place(sample.job, *journal, kKey, 1));
      sample.check_done();
    }
  }
  CHECK(steps > 15);
}

TEST_CASE("in place: a record that was cut short was never written") {
  Sample sample;
  InPlaceCursor cursor;
  {
    auto journal = Journal::create(sample.journal(), "header", kStep);
    InPlace work(sample.job, kStep, 1);
    for (int i = 0; i < 4; ++i) {
      const auto step = work.next(cursor);
      REQUIRE(journal->append(record_head(*step), step->bytes, kKey));
      if (i < 3) sample.apply(*step, 0, step->places.size());  // the last is only in the journal
      cursor = step->next;
    }
  }
  // The last bytes of the file belong to record 3, in slot 1.
  std::string bytes = read_all(sample.journal());
  bytes.back() ^= 1;
  sample.folder.write("journal", bytes);
  auto journal = Journal::open(sample.journal());
  REQUIRE(journal);
  REQUIRE(permute_in_place(sample.job, *journal, kKey, 2));
  sample.check_done();
}

TEST_CASE("in place: rows longer than a step") {
  Sample sample;
  std::mt19937 random(6);
  sample.add(1, make_case({4, 600}, 1, 32, 0, random));
  const auto checked = InPlace(sample.job, 2000, 1).check();
  REQUIRE_FALSE(checked);
  CHECK(checked.error().kind == ErrorKind::kState);
  CHECK(checked.error().hint.find("--memory") != std::string::npos);
  CHECK(InPlace(sample.job, kStep, 1).check());
}

TEST_CASE("journal: locked, whole, under one key") {
  TempFolder folder;
  const auto path = folder / "journal";
  CHECK_FALSE(Journal::open(path));
  {
    auto journal = Journal::create(path, "header", 100);
    REQUIRE(journal);
    CHECK_FALSE(Journal::create(path, "another", 100));
    const auto second = Journal::open(path);
    REQUIRE_FALSE(second);
    CHECK(second.error().hint.find("another permcrypt") != std::string::npos);
    CHECK_FALSE(*journal->newest(kKey));
    for (const char* record : {"one", "two", "three"}) CHECK(journal->append(record, "", kKey));
    CHECK_FALSE(journal->append("x", std::string(1 << 20, 'x'), kKey));
  }
  auto journal = Journal::open(path);
  REQUIRE(journal);
  CHECK(journal->newest(kKey)->value_or("") == "three");
  CHECK(journal->append("fo", "ur", kKey));
  CHECK(Journal::open(path).error().kind == ErrorKind::kOutput);
}

TEST_CASE("journal: other keys, other files") {
  TempFolder folder;
  {
    auto journal = Journal::create(folder / "journal", "header", 100);
    REQUIRE(journal->append("one", "", kKey));
  }
  auto journal = Journal::open(folder / "journal");
  REQUIRE(journal);
  CHECK_FALSE(*journal->newest(DigestKey{9}));
  for (const char* bytes : {"", "permjrn1", "permjrn1\xff\xff\xff\xff\xff\xff\xff\x7f abcdefg"}) {
    const auto opened = Journal::open(folder.write("other", bytes));
    REQUIRE_FALSE(opened);
    CHECK(opened.error().kind == ErrorKind::kResult);
  }
}

TEST_CASE("step record: there and back, and nothing else") {
  const InPlaceStep step{2, {{7, 3}, {100, 2}}, "abcde", {2, 5, true, 8, 9, "held"}};
  const std::string record = record_head(step) + step.bytes;
  CHECK(parse_record(record) == step);
  for (std::size_t length = 0; length < record.size(); ++length) {
    CHECK_FALSE(parse_record(record.substr(0, length)));
  }
  CHECK_FALSE(parse_record(record + "x"));
  CHECK_FALSE(parse_record(std::string(72, '\xff')));
}
