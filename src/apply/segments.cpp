#include "apply/segments.h"

#include <string>

#include "base/quote.h"

namespace permcrypt {
namespace {

tl::unexpected<Error> changed(const FileCopy& file) {
  return fail(ErrorKind::kResult, in_quotes(file.input.native()) + " is not the file it should be",
              "it was changed or cut short after it was read or encrypted");
}

// Appends pieces in the order of the input.
class SegmentBuilder {
 public:
  SegmentBuilder(const FileCopy& file, std::uint64_t input_end)
      : file_(file), input_end_(input_end) {
    segments_.list.reserve(2 * (file.edits.size() + file.moves.size()) + 1);
  }

  Result<void> add(Segment::Kind kind, std::size_t index, std::uint64_t offset,
                   std::uint64_t in_length, std::uint64_t out_length) {
    if (offset > input_end_ || in_length > input_end_ - offset) return changed(file_);
    if (offset < in_position_) {
      return fail(ErrorKind::kDefect, "edits of " + in_quotes(file_.input.native()) + " overlap");
    }
    append(Segment::Kind::kCopy, 0, in_position_, offset - in_position_);
    append(kind, static_cast<std::uint32_t>(index), offset, out_length);
    in_position_ = offset + in_length;
    return {};
  }

  Result<Segments> finish() {
    if (in_position_ > input_end_) return changed(file_);
    append(Segment::Kind::kCopy, 0, in_position_, input_end_ - in_position_);
    return std::move(segments_);
  }

 private:
  void append(Segment::Kind kind, std::uint32_t index, std::uint64_t in_begin,
              std::uint64_t length) {
    if (length == 0) return;
    segments_.list.push_back({kind, index, segments_.out_size, in_begin, length});
    segments_.out_size += length;
  }

  const FileCopy& file_;
  const std::uint64_t input_end_;
  std::uint64_t in_position_ = 0;
  Segments segments_;
};

}  // namespace

Result<Segments> make_segments(const FileCopy& file, std::uint64_t input_size) {
  if (file.manifest_bytes > input_size) return changed(file);
  SegmentBuilder builder(file, input_size - file.manifest_bytes);
  std::size_t edit = 0, move = 0;
  while (edit < file.edits.size() || move < file.moves.size()) {
    const bool edit_next =
        move == file.moves.size() ||
        (edit < file.edits.size() && file.edits[edit].offset <= file.moves[move].offset);
    Result<void> added;
    if (edit_next) {
      const Edit& e = file.edits[edit];
      added = builder.add(Segment::Kind::kEdit, edit++, e.offset, e.original.size(),
                          e.replacement.size());
    } else {
      const PayloadMove& m = file.moves[move];
      added = builder.add(Segment::Kind::kMove, move++, m.offset, m.length, m.length);
    }
    if (!added) return fail(std::move(added.error()));
  }
  return builder.finish();
}

Result<void> check_edits(const FileCopy& file, std::string_view input) {
  for (const Edit& edit : file.edits) {
    if (input.substr(edit.offset, edit.original.size()) != edit.original) return changed(file);
  }
  return {};
}

}  // namespace permcrypt
