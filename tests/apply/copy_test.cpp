#include <doctest/doctest.h>

#include <fstream>

#include "apply/copied.h"
#include "apply/naive.h"
#include "base/temp_folder.h"
#include "permcrypt/apply.h"

namespace permcrypt {
namespace {

namespace fs = std::filesystem;

using test::copied;
using test::Copied;
using test::options;
using test::TempFolder;
using test::Written;

// The output of one file, made in the plainest way.
std::string expected_output(const FileCopy& file, const std::string& input,
                            const std::vector<Permutation>& permutations) {
  std::string moved = input;
  for (const PayloadMove& move : file.moves) {
    moved.replace(move.offset, move.length,
                  test::naive_gather(move, input.substr(move.offset, move.length), permutations));
  }
  std::string out = moved.substr(0, input.size() - file.manifest_bytes);
  for (auto edit = file.edits.rbegin(); edit != file.edits.rend(); ++edit) {
    out.replace(edit->offset, edit->original.size(), edit->replacement);
  }
  return out;
}

FileTags tags_of(const std::string& bytes, std::uint8_t key_byte, std::uint64_t file) {
  DigestKey key;
  key.fill(key_byte);
  FileTags tags{bytes.size(), {}};
  for (std::size_t at = 0; at < bytes.size(); at += kChunkBytes) {
    tags.tags.push_back(
        tag_chunk(std::string_view(bytes).substr(at, kChunkBytes), key, file, tags.tags.size()));
  }
  return tags;
}

// Adds a payload at `offset` of `job.files[file]`.
void add_move(CopyJob& job, std::size_t file, std::uint64_t offset, test::Case c) {
  for (std::uint32_t& axis : c.move.axes) {
    if (axis != kNone) axis += static_cast<std::uint32_t>(job.permutations.size());
  }
  c.move.offset = offset;
  job.permutations.insert(job.permutations.end(), c.permutations.begin(), c.permutations.end());
  job.files[file].moves.push_back(std::move(c.move));
}

void add_edit(CopyJob& job, std::size_t file, const std::string& input, std::uint64_t offset,
              std::size_t length, std::string replacement) {
  job.files[file].edits.push_back({static_cast<std::uint32_t>(file), offset,
                                   input.substr(offset, length), std::move(replacement)});
}

// Copies, compares with the plain way, and copies back.
void check_there_and_back(const CopyJob& job, const std::vector<std::string>& inputs) {
  const Copied there = copied(job);
  CopyJob back = inverse(job);
  const TempFolder folder;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::string expected = expected_output(job.files[i], inputs[i], job.permutations);
    CHECK(there.bytes[i] == expected);
    CHECK(there.result.inputs[i] == tags_of(inputs[i], 1, i));
    CHECK(there.result.outputs[i] == tags_of(expected, 2, i));
    CHECK(static_cast<std::int64_t>(expected.size()) ==
          static_cast<std::int64_t>(inputs[i].size()) + growth(job.files[i]));
    back.files[i].input = folder.write("file" + std::to_string(i), expected);
  }
  const std::string& first = there.bytes[0];
  CHECK(there.result.partial == first.substr(first.size() - first.size() % kChunkBytes));
  CHECK(copied(back).bytes == inputs);
}

TEST_CASE("edits at the boundaries of a small file") {
  std::mt19937 random(1);
  const TempFolder folder;
  const std::string input = test::noise(300, random);
  CopyJob job;
  job.files.resize(1);
  job.files[0].input = folder.write("in", input);
  add_edit(job, 0, input, 0, 0, "inserted before everything");
  add_edit(job, 0, input, 0, 3, "start");
  add_edit(job, 0, input, 3, 2, "");  // adjacent, a deletion
  add_edit(job, 0, input, 50, 0, "before a payload");
  add_move(job, 0, 50, test::make_case({4, 6}, 3, 16, 0, random));
  add_edit(job, 0, input, 98, 0, "after a payload");
  add_edit(job, 0, input, 98, 4, "at once the next");
  add_move(job, 0, 102, test::make_case({8}, 1, 32, 0, random));
  add_move(job, 0, 134, test::make_case({3, 5}, 1, 8, 0, random));
  add_edit(job, 0, input, 295, 5, "end");
  add_edit(job, 0, input, 300, 0, "appended");
  check_there_and_back(job, {input});
}

TEST_CASE("payloads and edits that cross chunks, in several files") {
  std::mt19937 random(2);
  const TempFolder folder;
  const std::vector<std::string> inputs = {test::noise(3 * kChunkBytes + 12345, random), "",
                                           test::noise(2 * kChunkBytes, random),
                                           test::noise(17, random)};
  CopyJob job;
  job.files.resize(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    job.files[i].input = folder.write("in" + std::to_string(i), inputs[i]);
  }
  add_edit(job, 0, inputs[0], 100, 7, std::string(kChunkBytes + 5, 'x'));
  add_move(job, 0, 1001, test::make_case({500, 1000}, 3, 32, 0, random));
  add_edit(job, 0, inputs[0], 2 * kChunkBytes, kChunkBytes, "");
  add_move(job, 0, 3 * kChunkBytes + 3, test::make_case({31, 3, 9}, 5, 64, 0, random));
  add_move(job, 2, 1, test::make_case({1023, 2049}, 3, 8, 0, random));
  add_move(job, 3, 0, test::make_case({3, 11}, 2, 4, 0, random));
  check_there_and_back(job, inputs);
}

TEST_CASE("payloads that are permuted as a whole may cross chunks") {
  std::mt19937 random(3);
  const std::uint64_t count = 900'000;
  std::string input = "head";
  for (std::uint64_t i = 0; i < count; ++i) {  // one or two bytes each
    const unsigned value = random() % 300;
    if (value > 127) input += static_cast<char>(value | 128);
    input += static_cast<char>(value > 127 ? value >> 7 : value);
  }
  const TempFolder folder;
  CopyJob job;
  job.files.resize(1);
  job.files[0].input = folder.write("in", input + "tail");
  test::Case c = test::make_case({count}, 1, 8, 0, random);
  c.move.view.encoding = Encoding::kVarint;
  c.move.length = input.size() - 4;
  add_move(job, 0, 4, c);
  const Copied there = copied(job);
  CHECK(there.bytes[0] != input + "tail");
  CopyJob back = inverse(job);
  back.files[0].input = folder.write("out", there.bytes[0]);
  CHECK(copied(back).bytes[0] == input + "tail");
}

TEST_CASE("a manifest is hashed, its MAC as zeros, and not copied") {
  std::mt19937 random(4);
  const TempFolder folder;
  for (const std::size_t body : {std::size_t{10}, kChunkBytes - 200, kChunkBytes - 40}) {
    const std::string input = test::noise(body + 100, random);
    CopyJob job;
    job.files.resize(1);
    job.files[0].input = folder.write("in", input);
    job.files[0].manifest_bytes = 100;
    const Copied there = copied(job);
    CHECK(there.bytes[0] == input.substr(0, body));
    const std::string zeroed = input.substr(0, body + 36) + std::string(64, '0');
    CHECK(there.result.inputs[0] == tags_of(zeroed, 1, 0));
    const auto tagged = tag_files({job.files[0].input}, options(1).input_key, true, 2);
    REQUIRE(tagged.has_value());
    CHECK(tagged->front() == there.result.inputs[0]);
  }
}

TEST_CASE("tags can be continued") {
  std::mt19937 random(5);
  const std::string bytes = test::noise(2 * kChunkBytes + 100, random);
  for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, kChunkBytes, kChunkBytes + 9}) {
    FileTags tags = tags_of(bytes.substr(0, cut), 7, 3);
    DigestKey key;
    key.fill(7);
    append_tags(tags, bytes.substr(cut - cut % kChunkBytes, cut % kChunkBytes), bytes.substr(cut),
                key, 3);
    CHECK(tags == tags_of(bytes, 7, 3));
  }
}

TEST_CASE("digests depend on every file, chunk, size, place and key") {
  const DigestKey key{1}, other{2};
  std::vector<Digest> digests;
  auto add = [&](const std::vector<std::string>& files, const DigestKey& k) {
    std::vector<FileTags> tags;
    for (std::size_t i = 0; i < files.size(); ++i) {
      tags.push_back({files[i].size(), {tag_chunk(files[i], k, i, 0)}});
    }
    digests.push_back(digest_files(tags, k));
  };
  add({"a", "b"}, key);
  add({"b", "a"}, key);
  add({"a", "b"}, other);
  add({"ab"}, key);
  add({"a"}, key);
  add({"a", "b", ""}, key);
  for (std::size_t i = 0; i < digests.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) CHECK(digests[i] != digests[j]);
  }
  CHECK(tag_chunk("a", key, 0, 0) != tag_chunk("a", key, 0, 1));
  CHECK(tag_chunk("a", key, 0, 0) != tag_chunk("a", key, 1, 0));
}

TEST_CASE("failures") {
  std::mt19937 random(6);
  const TempFolder folder;
  const std::string input = test::noise(3 * kChunkBytes, random);
  CopyJob good;
  good.files.resize(1);
  good.files[0].input = folder.write("in", input);
  add_edit(good, 0, input, 10, 5, "replaced");
  add_move(good, 0, 100, test::make_case({10, 10}, 3, 8, 0, random));
  auto kind = [&](const CopyJob& job) {
    Written written(1);
    const auto result = copy_files(job, options(2), written.callback());
    REQUIRE(!result.has_value());
    CHECK(!result.error().message.empty());
    return result.error().kind;
  };
  CopyJob job = good;
  job.files[0].input = "/nowhere/at/all";
  CHECK(kind(job) == ErrorKind::kInput);
  job = good;
  job.files[0].edits[0].original[0] ^= 1;
  CHECK(kind(job) == ErrorKind::kResult);
  job = good;
  job.files[0].edits[0].offset = input.size() - 2;
  job.files[0].moves.clear();
  CHECK(kind(job) == ErrorKind::kResult);
  job = good;
  job.files[0].moves[0].offset = input.size() - 99;
  CHECK(kind(job) == ErrorKind::kResult);
  job = good;
  job.files[0].moves[0].offset = ~0ull;
  CHECK(kind(job) == ErrorKind::kResult);
  job = good;
  job.files[0].moves[0].offset = 12;
  CHECK(kind(job) == ErrorKind::kDefect);
  job = good;
  job.files[0].moves[0].length = 99;
  CHECK(kind(job) == ErrorKind::kInput);
  job = good;
  job.files[0].manifest_bytes = input.size() + 1;
  CHECK(kind(job) == ErrorKind::kResult);

  for (const unsigned threads : {1u, 2u, 5u}) {  // a full disk
    const auto result =
        copy_files(good, options(threads), [](auto, auto offset, auto) -> Result<void> {
          if (offset == 0) return {};
          return fail(ErrorKind::kOutput, "no room at " + std::to_string(offset));
        });
    REQUIRE(!result.has_value());
    CHECK(result.error().kind == ErrorKind::kOutput);
    CHECK(result.error().message == "no room at " + std::to_string(kChunkBytes));
  }
}

}  // namespace
}  // namespace permcrypt
