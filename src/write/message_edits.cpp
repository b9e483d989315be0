#include "write/message_edits.h"

#include <algorithm>
#include <utility>

namespace permcrypt {

std::string with_edits(std::string_view file, const std::vector<Edit>& edits) {
  std::string out;
  std::uint64_t at = 0;
  for (const Edit& edit : edits) {
    out.append(file, at, edit.offset - at).append(edit.replacement);
    at = edit.offset + edit.original.size();
  }
  return out.append(file, at);
}

void MessageEdits::insert(FrameId message, std::uint64_t offset, std::string bytes) {
  changes_.push_back({message, offset, offset, std::move(bytes)});
}

void MessageEdits::append(FrameId message, std::string bytes) {
  insert(message, message == kNone ? file_.size() : frame(message).end, std::move(bytes));
}

void MessageEdits::replace_content(const FieldSpan& field, std::string content) {
  changes_.push_back({add_frame(field), field.frame.begin, field.frame.end, std::move(content)});
}

void MessageEdits::remove(const FieldSpan& field) {
  changes_.push_back({field.frame.parent, field.tag, field.frame.end, ""});
}

FrameId MessageEdits::add_frame(const FieldSpan& message) {
  added_.push_back(message.frame);
  return static_cast<FrameId>(frames_.size() + added_.size() - 1);
}

std::uint32_t MessageEdits::depth(FrameId message) const {
  std::uint32_t depth = 0;
  for (; message != kNone; message = frame(message).parent) ++depth;
  return depth;
}

// Innermost messages first: a longer length may take more bytes, and lengthens what is around it.
void MessageEdits::add_length_changes() {
  std::vector<std::int64_t> growth(frames_.size() + added_.size(), 0);
  const auto grow = [&](FrameId message, std::uint64_t before, std::uint64_t after) {
    if (message != kNone) growth[message] += static_cast<std::int64_t>(after - before);
  };
  for (const Change& c : changes_) grow(c.message, c.end - c.begin, c.bytes.size());
  changes_.reserve(changes_.size() + static_cast<std::size_t>(std::ranges::count_if(
                                         growth, [](std::int64_t bytes) { return bytes != 0; })));
  for (std::size_t id = growth.size(); id-- > 0;) {
    if (growth[id] == 0) continue;
    const Frame& f = frame(static_cast<FrameId>(id));
    std::string length;
    wire::append_varint(length, f.end - f.begin + static_cast<std::uint64_t>(growth[id]));
    grow(f.parent, f.length_size + f.end - f.begin,
         length.size() + f.end - f.begin + static_cast<std::uint64_t>(growth[id]));
    changes_.push_back({f.parent, f.length_offset, f.length_offset + f.length_size, length});
  }
}

std::vector<Edit> MessageEdits::finish() {
  add_length_changes();
  // At one offset, what ends an inner message comes before what follows it in the outer one.
  std::stable_sort(changes_.begin(), changes_.end(), [&](const Change& x, const Change& y) {
    return x.begin != y.begin ? x.begin < y.begin : depth(x.message) > depth(y.message);
  });
  std::vector<Edit> edits;
  edits.reserve(changes_.size());
  for (const Change& c : changes_) {
    const std::string_view original = file_.substr(c.begin, c.end - c.begin);
    if (original == c.bytes) continue;
    if (!edits.empty() && edits.back().offset + edits.back().original.size() == c.begin) {
      edits.back().original += original;
      edits.back().replacement += c.bytes;
    } else {
      edits.push_back({0, c.begin, std::string(original), c.bytes});
    }
  }
  edits.shrink_to_fit();
  return edits;
}

}  // namespace permcrypt
