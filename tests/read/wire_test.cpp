#include "read/wire.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace permcrypt;
using wire::Type;

namespace {

using namespace std::literals;

std::vector<wire::Field> fields(std::string_view bytes) {
  std::vector<wire::Field> found;
  wire::Cursor cursor(bytes);
  while (const auto field = cursor.next()) found.push_back(*field);
  CHECK(cursor.ok());
  CHECK(cursor.position() == bytes.size());
  return found;
}

bool malformed(std::string_view bytes) {
  wire::Cursor cursor(bytes);
  while (cursor.next()) {
  }
  return !cursor.ok();
}

}  // namespace

TEST_CASE("a cursor reports every kind of field with its offsets") {
  std::string bytes;
  wire::append_tag(bytes, 1, Type::kVarint);
  wire::append_varint(bytes, 300);
  wire::append_bytes(bytes, 2000, "abc");
  wire::append_tag(bytes, 3, Type::kFixed32);
  bytes += "\x01\x02\x03\x04"sv;
  wire::append_tag(bytes, 4, Type::kFixed64);
  bytes += "\xff\0\0\0\0\0\0\x80"sv;

  const auto found = fields(bytes);
  REQUIRE(found.size() == 4);
  CHECK(found[0].is(1, Type::kVarint));
  CHECK(found[0].value == 300);
  CHECK(found[0].size() == 2);
  CHECK(found[1].is(2000, Type::kBytes));
  CHECK(found[1].tag == found[0].end);
  CHECK(found[1].length_offset == found[1].tag + 2);
  CHECK(found[1].begin == found[1].length_offset + 1);
  CHECK(bytes.substr(found[1].begin, found[1].size()) == "abc");
  CHECK(found[2].value == 0x04030201);
  CHECK(found[3].value == 0x80000000000000ff);
}

TEST_CASE("an empty message has no fields and is well-formed") { CHECK(fields("").empty()); }

TEST_CASE("padded varints are read as protobuf reads them") {
  const auto found = fields(
      "\x0a\x83\x80\x00"
      "abc"sv);
  REQUIRE(found.size() == 1);
  CHECK(found[0].size() == 3);
  CHECK(found[0].begin - found[0].length_offset == 3);
}

TEST_CASE("whatever is cut off, too long or unheard of ends the walk") {
  CHECK(malformed("\x08"sv));                                              // no value
  CHECK(malformed("\x08\x80"sv));                                          // half a varint
  CHECK(malformed("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"sv));  // eleven bytes
  CHECK(malformed("\x0a\x05xxxx"sv));                                      // one byte short
  CHECK(malformed("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv));      // length 2^64 - 1
  CHECK(malformed("\x0dxxx"sv));                                           // fixed32 of three bytes
  CHECK(malformed("\x09xxxxxxx"sv));                                       // fixed64 of seven bytes
  CHECK(malformed("\x02\x00"sv));                                          // field number 0
  CHECK(malformed("\x0b\x0c"sv));                                          // a group
  CHECK(malformed("\x0e"sv));                                              // wire type 6
  CHECK(malformed("\x80\x80\x80\x80\x80\x01\x00"sv));                      // tag beyond 32 bits
}

TEST_CASE("a cursor stays inside its own message") {
  const std::string_view bytes = "\x0a\x02xxmore"sv;
  wire::Cursor inside(bytes, 0, 4);
  CHECK(inside.next());
  CHECK_FALSE(inside.next());
  CHECK(inside.ok());
  wire::Cursor short_of_it(bytes, 0, 3);
  CHECK_FALSE(short_of_it.next());
  CHECK_FALSE(short_of_it.ok());
}

TEST_CASE("varints are counted as they are read") {
  std::string packed;
  for (std::uint64_t value : {0ull, 1ull, 127ull, 128ull, ~0ull})
    wire::append_varint(packed, value);
  CHECK(wire::count_varints(packed) == 5u);
  CHECK(wire::count_varints("") == 0u);
  CHECK_FALSE(wire::count_varints(packed.substr(0, packed.size() - 1)));
  CHECK_FALSE(wire::count_varints("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"sv));
  std::uint64_t at = 5;
  CHECK(wire::read_varint(packed, at, packed.size()) == ~0ull);
  CHECK(at == packed.size());
}
