#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>
#include <mutex>

#include "apply/naive.h"
#include "permcrypt/apply.h"

namespace permcrypt {
namespace {

namespace fs = std::filesystem;

// A folder that is gone afterwards.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "permcrypt-copy-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  fs::path write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return path_ / name;
  }

 private:
  fs::path path_;
};

// What was written, byte for byte; fails when a byte is written twice or never.
class Written {
 public:
  explicit Written(std::size_t files) : bytes_(files), counts_(files) {}
  WriteAt callback() {
    return [this](std::size_t file, std::uint64_t offset, std::string_view data) -> Result<void> {
      std::lock_guard lock(mutex_);
      const std::size_t end = offset + data.size();
      if (bytes_[file].size() < end) {
        bytes_[file].resize(end);
        counts_[file].resize(end);
      }
      bytes_[file].replace(offset, data.size(), data);
      for (std::size_t i = offset; i < end; ++i) ++counts_[file][i];
      return {};
    };
  }
  bool once() const {
    for (const auto& counts : counts_) {
      for (const int count : counts) {
        if (count != 1) return false;
      }
    }
    return true;
  }
  const std::vector<std::string>& bytes() const { return bytes_; }

 private:
  std::mutex mutex_;
  std::vector<std::string> bytes_;
  std::vector<std::vector<std::uint8_t>> counts_;
};

CopyOptions options(unsigned threads) {
  CopyOptions o;
  o.threads = threads;
  o.input_key.fill(1);
  o.output_key.fill(2);
  o.memory = 1 << 21;  // drops pages often
  return o;
}

struct Copied {
  std::vector<std::string> bytes;
  CopyResult result;
};

// Copies with 1, 2 and 5 threads, which must agree.
Copied copied(const CopyJob& job) {
  Copied first;
  for (const unsigned threads : {1u, 2u, 5u}) {
    Written written(job.files.size());
    auto result = copy_files(job, options(threads), written.callback());
    REQUIRE_MESSAGE(result.has_value(), result.error().message);
    CHECK(written.once());
    if (threads == 1) {
      first = {written.bytes(), std::move(*result)};
    } else {
      CHECK(written.bytes() == first.bytes);
      CHECK(result->inputs == first.result.inputs);
      CHECK(result->outputs == first.result.outputs);
      CHECK(result->partial == first.result.partial);
    }
  }
  return first;
}

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
  const Folder folder;
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
  const Folder folder;
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
  const Folder folder;
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
  const Folder folder;
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
  const Folder folder;
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
  const Folder folder;
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

TEST_CASE("a plan becomes a job, and the way back finds everything again") {
  std::mt19937 random(7);
  const Folder folder;
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
  const Folder folder;
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
