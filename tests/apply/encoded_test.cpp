#include "apply/encoded.h"

#include <doctest/doctest.h>

#include "apply/naive.h"

namespace permcrypt {
namespace {

std::string varint(std::uint64_t value) {
  std::string out;
  for (; value > 127; value >>= 7) out += static_cast<char>(value | 128);
  return out + static_cast<char>(value);
}

std::string join(const std::vector<std::string>& parts) {
  std::string all;
  for (const std::string& part : parts) all += part;
  return all;
}

// A rank-2 case whose elements are `elements`.
test::Case encoded(const std::vector<std::string>& elements, std::uint64_t columns,
                   Encoding encoding, std::mt19937& random) {
  test::Case c = test::make_case({elements.size() / columns, columns}, 3, 8, 0, random);
  c.move.view.encoding = encoding;
  c.payload = join(elements);
  c.move.length = c.payload.size();
  return c;
}

std::vector<std::string> moved(const test::Case& c, const std::vector<std::string>& elements) {
  std::vector<std::string> out;
  for (const std::uint64_t from : test::sources(c.move, c.permutations))
    out.push_back(elements[from]);
  return out;
}

TEST_CASE("varints of unequal length move whole") {
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    const std::uint64_t columns = 1 + random() % 6;
    std::vector<std::string> elements(columns * (1 + random() % 6));
    for (auto& element : elements) {
      const std::uint64_t wide = std::uint64_t{random()} << 32 | random();
      element = varint(wide >> random() % 64);
    }
    const auto c = encoded(elements, columns, Encoding::kVarint, random);
    const auto out = permute_encoded(c.move, c.payload, c.permutations);
    REQUIRE(out.has_value());
    CHECK(*out == join(moved(c, elements)));
  }
}

TEST_CASE("unpacked fields move with their tags") {
  std::mt19937 random(2);
  for (const unsigned wire_type : {0u, 1u, 5u}) {
    std::vector<std::string> elements;
    for (unsigned i = 0; i < 12; ++i) {
      const std::string value = wire_type == 0   ? varint(i * 77)
                                : wire_type == 1 ? test::noise(8, random)
                                                 : test::noise(4, random);
      elements.push_back(varint(4 << 3 | wire_type) + value);
    }
    const auto c = encoded(elements, 4, Encoding::kTagged, random);
    const auto out = permute_encoded(c.move, c.payload, c.permutations);
    REQUIRE(out.has_value());
    CHECK(*out == join(moved(c, elements)));
  }
}

TEST_CASE("payloads that are not what they should be are refused") {
  std::mt19937 random(3);
  auto refused = [&](const std::string& payload, Encoding encoding) {
    test::Case c = encoded({"\1", "\2", "\3", "\4"}, 2, encoding, random);
    const auto out = permute_encoded(c.move, payload, c.permutations);
    return !out.has_value() && out.error().kind == ErrorKind::kInput;
  };
  CHECK(!refused("\1\2\3\4", Encoding::kVarint));
  CHECK(refused("\1\2\3", Encoding::kVarint));
  CHECK(refused("\1\2\3\4\5", Encoding::kVarint));
  CHECK(refused("\1\2\3\x84", Encoding::kVarint));
  CHECK(refused("\1\2\3" + std::string(11, '\x84') + "\1", Encoding::kVarint));
  CHECK(refused("\x08\1\x08\2\x08\3\x0b\4", Encoding::kTagged));
  CHECK(refused("\x0d\1\2\3\4\x0d\1\2\3\4\x0d\1\2\3\4\x0d\1\2\3", Encoding::kTagged));
}

TEST_CASE("rewritten varints keep the total length or are refused") {
  std::mt19937 random(4);
  const Permutation reversed = [] {
    std::vector<std::uint32_t> order(200);
    for (std::uint32_t i = 0; i < 200; ++i) order[i] = 199 - i;
    return Permutation(order);
  }();
  const auto minus = [](std::int64_t v) { return varint(static_cast<std::uint64_t>(-v)); };
  auto run = [&](const std::vector<std::string>& elements, Encoding encoding) {
    test::Case c = encoded(elements, elements.size(), encoding, random);
    c.move.axes = {kNone, kNone};
    c.permutations = {reversed};
    c.move.values = 0;
    const auto out = permute_encoded(c.move, c.payload, c.permutations);
    return out;
  };
  // 3 (one byte) <-> 196 (two): together as long as before.
  CHECK(run({varint(3), varint(196), varint(100), minus(1)}, Encoding::kVarint) ==
        join({varint(196), varint(3), varint(99), minus(200)}));
  CHECK(run({"\x38" + varint(3), "\x38" + varint(196)}, Encoding::kTagged) ==
        join({"\x38" + varint(196), "\x38" + varint(3)}));
  CHECK(!run({varint(3), varint(100)}, Encoding::kVarint).has_value());    // would grow
  CHECK(!run({varint(200), varint(100)}, Encoding::kVarint).has_value());  // out of range
  CHECK(!run({minus(201), varint(100)}, Encoding::kVarint).has_value());
  CHECK(!run({std::string("\x80\x00", 2), varint(3)}, Encoding::kVarint).has_value());  // overlong
  CHECK(!run({"\x3d" + std::string(4, '\0')}, Encoding::kTagged).has_value());  // no integers
}

TEST_CASE("what every permutation can rewrite is known beforehand") {
  const ElementView packed{32, {3}, 3, Encoding::kVarint}, unpacked{32, {3}, 3, Encoding::kTagged};
  const std::string minus_one = varint(~std::uint64_t{0});
  auto rewritable = [](const ElementView& view, const std::string& payload, std::uint64_t extent) {
    return check_rewritable("t", view, payload, extent).has_value();
  };
  CHECK(rewritable(packed, "\1\2\2", 128));
  CHECK(!rewritable(packed, "\1\2\2", 129));  // 128 takes two bytes
  CHECK(!rewritable(packed, "\1\2\3", 3));
  CHECK(rewritable(packed, minus_one + minus_one, 1000));
  CHECK(!rewritable(packed, varint(~std::uint64_t{0} - 3), 3));
  CHECK(!rewritable(packed, std::string("\x81\x00", 2), 128));
  CHECK(rewritable(unpacked, "\x38\1\x38\2", 100));
  CHECK(!rewritable(unpacked, "\x3d\1\1\1\1", 100));
  std::string all;
  for (std::uint64_t i = 200; i-- > 0;) all += varint(i) + varint(i);
  CHECK(rewritable(packed, all, 200));
  CHECK(!rewritable(packed, all + "\1", 200));
}

}  // namespace
}  // namespace permcrypt
