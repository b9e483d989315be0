#include "write/compose_edits.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace permcrypt {
namespace {

constexpr std::uint64_t kToTheEnd = UINT64_MAX;

// Writes edits from left to right: what is kept, removed and inserted.
class EditWriter {
 public:
  explicit EditWriter(std::uint32_t file) : file_(file) {}

  void keep(std::uint64_t length) {
    if (length == 0) return;
    flush();
    offset_ += length;
  }
  void remove(std::string_view bytes) { pending_.original += bytes; }
  void insert(std::string_view bytes) { pending_.replacement += bytes; }

  std::vector<Edit> finish() {
    flush();
    return std::move(edits_);
  }

 private:
  void flush() {
    const std::uint64_t begin = offset_;
    offset_ += pending_.original.size();
    if (pending_.original != pending_.replacement) {
      pending_.file = file_;
      pending_.offset = begin;
      edits_.push_back(std::move(pending_));
    }
    pending_ = {};
  }

  std::uint32_t file_;
  std::uint64_t offset_ = 0;  // in what the first round starts from
  Edit pending_;
  std::vector<Edit> edits_;
};

// The result of the first round, read from left to right.
class FirstRound {
 public:
  FirstRound(const std::vector<Edit>& edits, EditWriter& out) : edits_(edits), out_(out) {}

  // Takes over what comes before `end`, an offset in the result.
  void keep_until(std::uint64_t end) {
    while (position_ < end) {
      const std::uint64_t length = std::min(end - position_, run());
      if (entered_) {
        out_.insert(std::string_view(edits_[next_].replacement).substr(used_, length));
      } else {
        out_.keep(length);
      }
      advance(length);
    }
  }

  // Takes out `bytes`, which come next.
  void remove(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::uint64_t length = std::min<std::uint64_t>(bytes.size(), run());
      if (!entered_) out_.remove(bytes.substr(0, length));
      advance(length);
      bytes.remove_prefix(length);
    }
  }

  void keep_rest() {
    for (std::uint64_t length = run(); length != kToTheEnd; length = run()) {
      keep_until(position_ + length);
    }
  }

 private:
  // How many bytes of one kind come next: more than none.
  std::uint64_t run() {
    while (next_ < edits_.size()) {
      if (!entered_ && copied_ == edits_[next_].offset) {
        out_.remove(edits_[next_].original);
        copied_ += edits_[next_].original.size();
        entered_ = true;
        used_ = 0;
      }
      if (!entered_) return edits_[next_].offset - copied_;
      if (used_ < edits_[next_].replacement.size()) return edits_[next_].replacement.size() - used_;
      entered_ = false;
      ++next_;
    }
    return kToTheEnd;
  }

  void advance(std::uint64_t length) {
    position_ += length;
    (entered_ ? used_ : copied_) += length;
  }

  const std::vector<Edit>& edits_;
  EditWriter& out_;
  std::size_t next_ = 0;        // the edit that comes next, or that we are in
  bool entered_ = false;        // in its replacement,
  std::uint64_t used_ = 0;      // of which this much is done
  std::uint64_t copied_ = 0;    // how far we are in what the round starts from,
  std::uint64_t position_ = 0;  // and in what it makes
};

}  // namespace

std::vector<Edit> compose_edits(const std::vector<Edit>& first, const std::vector<Edit>& then) {
  EditWriter out(first.empty() ? 0 : first.front().file);
  FirstRound round(first, out);
  for (const Edit& edit : then) {
    round.keep_until(edit.offset);
    round.remove(edit.original);
    out.insert(edit.replacement);
  }
  round.keep_rest();
  return out.finish();
}

}  // namespace permcrypt
