#include "read/wire.h"

namespace permcrypt::wire {
namespace {

constexpr int kLongestVarint = 10;

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

}  // namespace

std::optional<std::uint64_t> read_varint(std::string_view file, std::uint64_t& at,
                                         std::uint64_t end) {
  std::uint64_t value = 0;
  for (int i = 0; i < kLongestVarint && at < end; ++i) {
    const auto byte = static_cast<unsigned char>(file[at++]);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

std::optional<Field> Cursor::malformed() {
  ok_ = false;
  return std::nullopt;
}

std::optional<Field> Cursor::next() {
  if (!ok_ || at_ == end_) return std::nullopt;
  Field field{.tag = at_};
  std::uint64_t at = at_;
  const auto tag = read_varint(file_, at, end_);
  if (!tag || *tag > UINT32_MAX || *tag >> 3 == 0) return malformed();
  field.number = static_cast<std::uint32_t>(*tag >> 3);
  field.type = static_cast<Type>(*tag & 7);
  field.length_offset = field.begin = at;
  std::uint64_t length = 0;
  switch (field.type) {
    case Type::kVarint: {
      const auto value = read_varint(file_, at, end_);
      if (!value) return malformed();
      field.value = *value;
      length = at - field.begin;
      break;
    }
    case Type::kBytes: {
      const auto value = read_varint(file_, at, end_);
      if (!value) return malformed();
      field.begin = at;
      length = *value;
      break;
    }
    case Type::kFixed32:
      length = 4;
      break;
    case Type::kFixed64:
      length = 8;
      break;
    default:
      return malformed();
  }
  if (length > end_ - field.begin) return malformed();
  field.end = field.begin + length;
  if (field.type == Type::kFixed32 || field.type == Type::kFixed64) {
    field.value = little_endian(file_.substr(field.begin, length));
  }
  at_ = field.end;
  return field;
}

std::optional<std::uint64_t> count_varints(std::string_view packed) {
  std::uint64_t count = 0;
  int length = 0;
  for (unsigned char byte : packed) {
    if (++length > kLongestVarint) return std::nullopt;
    if (byte < 0x80) {
      ++count;
      length = 0;
    }
  }
  if (length != 0) return std::nullopt;
  return count;
}

std::string_view last_bytes(std::string_view file, std::uint64_t begin, std::uint64_t end,
                            std::uint32_t number) {
  std::string_view last;
  Cursor cursor(file, begin, end);
  while (auto field = cursor.next()) {
    if (field->is(number, Type::kBytes)) last = file.substr(field->begin, field->size());
  }
  return last;
}

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void append_tag(std::string& out, std::uint32_t number, Type type) {
  append_varint(out, static_cast<std::uint64_t>(number) << 3 | static_cast<std::uint64_t>(type));
}

void append_bytes(std::string& out, std::uint32_t number, std::string_view content) {
  append_tag(out, number, Type::kBytes);
  append_varint(out, content.size());
  out += content;
}

}  // namespace permcrypt::wire
