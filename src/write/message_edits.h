// Changes to the bytes of a .onnx file that keep it a protobuf message: whoever changes the content
// of a field also changes its length, and those of all the messages around it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "permcrypt/model.h"
#include "permcrypt/plan.h"
#include "read/locate.h"

namespace permcrypt {

// `file` with all of `edits` made.
std::string with_edits(std::string_view file, const std::vector<Edit>& edits);

class MessageEdits {
 public:
  // `file` holds the bytes that `frames` describe, in which parents come before what they hold.
  // Both must outlive this.
  MessageEdits(std::string_view file, const std::vector<Frame>& frames)
      : file_(file), frames_(frames) {}

  // Puts `bytes`, whole fields, into a message (kNone: the ModelProto itself) in front of the field
  // that starts at `offset`, or at the message's end. What is inserted in one place stays in the
  // order of the calls.
  void insert(FrameId message, std::uint64_t offset, std::string bytes);
  // At the end of a message.
  void append(FrameId message, std::string bytes);
  // Gives a string field new content. REQUIRES: nothing else changes in it.
  void replace_content(const FieldSpan& field, std::string content);
  // Takes a field out of its message. REQUIRES: nothing else changes in it.
  void remove(const FieldSpan& field);
  // A message that `frames` does not list, to change something inside.
  FrameId add_frame(const FieldSpan& message);

  // All changes, lengths included, sorted, merged where they touch, and not overlapping.
  // REQUIRES: called once, after all changes.
  std::vector<Edit> finish();

 private:
  struct Change {
    FrameId message = kNone;
    std::uint64_t begin = 0, end = 0;
    std::string bytes;
  };
  const Frame& frame(FrameId id) const {
    return id < frames_.size() ? frames_[id] : added_[id - frames_.size()];
  }
  std::uint32_t depth(FrameId message) const;
  void add_length_changes();

  std::string_view file_;
  const std::vector<Frame>& frames_;
  std::vector<Frame> added_;  // their ids come after
  std::vector<Change> changes_;
};

}  // namespace permcrypt
