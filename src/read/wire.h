// The protobuf wire format: a message is a sequence of fields, each a tag (number and type) and a
// value. A Cursor steps over one message's fields without copying and without knowing its schema.
//
// Nothing read here is trusted: a varint of more than ten bytes, a length beyond the message, a
// field number 0 and the long-obsolete groups all end the walk with ok() false.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace permcrypt::wire {

enum class Type : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// One field. Offsets count from the start of the file that the cursor walks.
struct Field {
  std::uint32_t number = 0;
  Type type = Type::kVarint;
  std::uint64_t tag = 0;             // where the tag starts
  std::uint64_t length_offset = 0;   // kBytes: where the length varint starts; else as begin
  std::uint64_t begin = 0, end = 0;  // the content, or the encoded number
  std::uint64_t value = 0;           // of kVarint, kFixed32 and kFixed64

  std::uint64_t size() const { return end - begin; }
  bool is(std::uint32_t wanted, Type as) const { return number == wanted && type == as; }
};

class Cursor {
 public:
  // Walks file[begin, end). REQUIRES: begin <= end <= file.size(); `file` outlives the cursor.
  Cursor(std::string_view file, std::uint64_t begin, std::uint64_t end)
      : file_(file), at_(begin), end_(end) {}
  explicit Cursor(std::string_view file) : Cursor(file, 0, file.size()) {}

  // The next field; nothing at the end of the message, or when it is malformed: see ok().
  std::optional<Field> next();
  bool ok() const { return ok_; }
  // Where the walk stands: after the last field, or at the malformed one.
  std::uint64_t position() const { return at_; }

 private:
  std::optional<Field> malformed();

  std::string_view file_;
  std::uint64_t at_, end_;
  bool ok_ = true;
};

// Reads a varint at `at` and moves `at` behind it; nothing (and `at` anywhere) when it is cut off
// at `end` or takes more than ten bytes.
std::optional<std::uint64_t> read_varint(std::string_view file, std::uint64_t& at,
                                         std::uint64_t end);

// The number of varints in packed bytes; nothing when the last is cut off or one is too long.
std::optional<std::uint64_t> count_varints(std::string_view packed);

// The last value of a string field, as protobuf reads it; "" when it does not occur.
std::string_view last_bytes(std::string_view file, std::uint64_t begin, std::uint64_t end,
                            std::uint32_t number);

void append_varint(std::string& out, std::uint64_t value);
void append_tag(std::string& out, std::uint32_t number, Type type);
void append_bytes(std::string& out, std::uint32_t number, std::string_view content);

}  // namespace permcrypt::wire
