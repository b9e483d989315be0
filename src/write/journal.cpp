#include "write/journal.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/output_file.h"
#include "base/quote.h"
#include "write/little_endian.h"

namespace permcrypt {
namespace {

constexpr std::string_view kMagic = "permjrn1";
constexpr std::uint64_t kPreface = 24, kPage = 4096;
constexpr std::uint64_t kMostHeader = 1ull << 31, kMostStep = 1ull << 40;
constexpr std::uint64_t kRecordPreface = 16 + sizeof(Digest);  // number, length, digest

// Of a record, its number and its length.
Digest digest_of(std::string_view head, std::string_view bytes, std::uint64_t number,
                 const DigestKey& key) {
  FileTags tags;
  append_tags(tags, "", head, key, number);
  append_tags(tags, head.substr(head.size() - head.size() % kChunkBytes), bytes, key, number);
  return digest_files({tags}, key);
}

tl::unexpected<Error> no_journal(const std::filesystem::path& path) {
  return fail(ErrorKind::kResult, in_quotes(path.native()) + " is no journal, or damaged",
              "it may be all that can complete the model: keep it, and restore it if you can");
}

}  // namespace

std::filesystem::path Journal::path_for(const std::filesystem::path& model) {
  return model.native() + ".permcrypt-journal";
}

Result<Journal> Journal::create(const std::filesystem::path& path, std::string_view header,
                                std::uint64_t step_bytes) {
  std::string preface(kMagic);
  append_number(preface, header.size());
  append_number(preface, step_bytes);
  OutputSet outputs;
  const auto number = outputs.add(path, {.mode = 0600});
  if (!number) return fail(number.error());
  if (auto done = outputs.write(*number, 0, preface); !done) return fail(done.error());
  if (auto done = outputs.write(*number, kPreface, header); !done) return fail(done.error());
  if (auto done = outputs.commit(); !done) return fail(done.error());
  return open(path);
}

Result<Journal> Journal::open(const std::filesystem::path& path) {
  auto file = WritableFile::open(path);
  if (!file) return fail(std::move(file.error()));
  if (!file->try_lock()) {
    return fail(ErrorKind::kOutput, in_quotes(path.native()) + " is in use",
                "another permcrypt is at work on this model: wait for it");
  }
  Journal journal(path, std::move(*file));
  const auto preface = journal.file_.read(0, kPreface);
  if (!preface) return fail(preface.error());
  if (preface->size() != kPreface || !preface->starts_with(kMagic)) return no_journal(path);
  const std::uint64_t length = number_at(*preface, 8);
  journal.step_bytes_ = number_at(*preface, 16);
  if (length > kMostHeader || journal.step_bytes_ > kMostStep) return no_journal(path);
  auto header = journal.file_.read(kPreface, length);
  if (!header) return fail(header.error());
  if (header->size() != length) return no_journal(path);
  journal.header_ = std::move(*header);
  return journal;
}

std::uint64_t Journal::slot_offset(std::uint64_t number) const {
  const std::uint64_t slot = 4 * step_bytes_ + kSlack + kRecordPreface;
  const std::uint64_t begin = kPreface + header_.size() + number % 2 * slot;
  return begin + (kPage - begin % kPage) % kPage;
}

Result<std::optional<std::string>> Journal::newest(const DigestKey& key) {
  std::optional<std::string> newest;
  for (std::uint64_t slot = 0; slot < 2; ++slot) {
    const std::uint64_t begin = slot_offset(slot);
    const auto preface = file_.read(begin, kRecordPreface);
    if (!preface) return fail(preface.error());
    if (preface->size() != kRecordPreface) continue;
    const std::uint64_t number = number_at(*preface, 0), length = number_at(*preface, 8);
    if (length > 4 * step_bytes_ + kSlack || number % 2 != slot || number < next_) continue;
    auto record = file_.read(begin + kRecordPreface, length);
    if (!record) return fail(record.error());
    const Digest digest = digest_of(*record, "", number, key);
    if (record->size() != length || !std::ranges::equal(digest, preface->substr(16), {}, {},
                                                        [](char c) { return std::uint8_t(c); })) {
      continue;
    }
    newest = std::move(*record);
    next_ = number + 1;
  }
  return newest;
}

Result<void> Journal::append(std::string_view head, std::string_view bytes, const DigestKey& key) {
  const std::uint64_t length = head.size() + bytes.size();
  if (length > 4 * step_bytes_ + kSlack) {
    return fail(ErrorKind::kDefect, "a step is longer than the journal allows");
  }
  std::string begin;
  begin.reserve(kRecordPreface + head.size());
  append_number(begin, next_);
  append_number(begin, length);
  const Digest digest = digest_of(head, bytes, next_, key);
  begin.append(digest.begin(), digest.end());
  begin += head;
  const std::uint64_t slot = slot_offset(next_);
  if (auto done = file_.write(slot, begin); !done) return done;
  if (auto done = file_.write(slot + begin.size(), bytes); !done) return done;
  ++next_;
  return file_.sync();
}

Result<void> Journal::remove() {
  if (::unlink(path_.c_str()) != 0) return fail(output_error(errno, path_));
  return {};
}

}  // namespace permcrypt
