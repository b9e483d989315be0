#include "apply/gather.h"

#include <doctest/doctest.h>

#include <cstring>

#include "apply/naive.h"

namespace permcrypt {
namespace {

using test::Case;
using test::make_case;

std::string render(const Case& c, std::uint64_t first, std::uint64_t last) {
  auto gather = Gather::prepare(c.move, c.permutations);
  REQUIRE(gather.has_value());
  std::string out(last - first + 1, '#');
  REQUIRE(gather->render(c.payload, first, last, out.data()).has_value());
  CHECK(out.back() == '#');
  out.pop_back();
  return out;
}

// The whole payload, and every sub-range of a small one.
void check_ranges(const Case& c, std::mt19937& random) {
  const std::string expected = test::naive_gather(c.move, c.payload, c.permutations);
  const std::uint64_t size = expected.size();
  bool same = render(c, 0, size) == expected;
  const bool exhaustive = size <= 24;
  const std::uint64_t tries = exhaustive ? (size + 1) * (size + 1) : 12;
  for (std::uint64_t i = 0; i < tries && same; ++i) {
    const std::uint64_t a = exhaustive ? i / (size + 1) : random() % (size + 1);
    const std::uint64_t b = exhaustive ? i % (size + 1) : random() % (size + 1);
    if (a <= b) same = render(c, a, b) == expected.substr(a, b - a);
  }
  INFO("rank ", c.move.view.shape.size(), ", ", c.move.view.bits, " bits, ", size,
       " bytes, stride ", c.move.view.row_stride);
  CHECK(same);
}

TEST_CASE("every small shape, axis subset, width and padding") {
  std::mt19937 random(1);
  for (unsigned rank = 0; rank <= 4; ++rank) {
    unsigned shapes = 1;
    for (unsigned i = 0; i < rank; ++i) shapes *= 3;
    for (unsigned number = 0; number < shapes; ++number) {
      std::vector<std::uint64_t> shape;
      for (unsigned i = 0, n = number; i < rank; ++i, n /= 3) shape.push_back(n % 3 + 1);
      for (unsigned moving = 0; moving < 1u << rank; ++moving) {
        for (unsigned bits : {4u, 8u, 16u, 32u, 64u, 128u}) {
          for (std::uint64_t padding = 0; padding <= (rank > 0 ? 2 : 0); ++padding) {
            check_ranges(make_case(shape, moving, bits, padding, random), random);
          }
        }
      }
    }
  }
}

TEST_CASE("random larger shapes") {
  std::mt19937 random(2);
  for (int i = 0; i < 400; ++i) {
    std::vector<std::uint64_t> shape(1 + random() % 4);
    for (auto& extent : shape) extent = 1 + random() % (shape.size() < 3 ? 300 : 24);
    const unsigned bits = std::array{4u, 8u, 16u, 32u, 64u, 128u}[random() % 6];
    const std::uint64_t padding = random() % 2 == 0 ? 0 : random() % 5;
    check_ranges(make_case(shape, random() % 16, bits, padding, random), random);
  }
}

TEST_CASE("many rows whose elements move, of every width") {
  std::mt19937 random(5);
  for (const unsigned bits : {4u, 8u, 16u, 32u, 64u, 128u}) {
    for (const std::uint64_t columns : {64, 66, 79, 300}) {
      for (const std::uint64_t padding : {0, 2, 3}) {
        check_ranges(make_case({67, columns}, 3, bits, padding, random), random);
        check_ranges(make_case({3, 33, columns}, 5, bits, padding, random), random);
      }
    }
  }
}

TEST_CASE("an empty tensor has nothing to render") {
  std::mt19937 random(3);
  const Case c = make_case({3, 0, 2}, 7, 32, 0, random);
  CHECK(render(c, 0, 0).empty());
}

TEST_CASE("the last row may lack its padding") {
  std::mt19937 random(4);
  Case c = make_case({3, 5}, 3, 8, 2, random);
  c.move.length -= 2;
  c.payload.resize(c.move.length);
  check_ranges(c, random);
}

TEST_CASE("elements that are indices are rewritten, and keep their sign") {
  std::mt19937 random(5);
  for (unsigned bits : {32u, 64u}) {
    Case c = make_case({4, 3}, 2, bits, 0, random);
    c.permutations.push_back(test::shuffled(7, random));
    c.move.values = static_cast<std::uint32_t>(c.permutations.size() - 1);
    const Permutation& values = c.permutations.back();
    const auto from = test::sources(c.move, c.permutations);
    const std::size_t width = bits / 8;
    std::string expected(c.payload.size(), '\0');
    auto element = [&](std::size_t i) { return static_cast<std::int64_t>(i * 5 % 14) - 7; };
    for (std::size_t i = 0; i < from.size(); ++i) {
      const std::int64_t v = element(i), source = element(from[i]);
      std::memcpy(c.payload.data() + i * width, &v, width);
      const std::int64_t moved = source < 0 ? static_cast<std::int64_t>(values[source + 7]) - 7
                                            : static_cast<std::int64_t>(values[source]);
      std::memcpy(expected.data() + i * width, &moved, width);
    }
    for (std::uint64_t a = 0; a <= expected.size(); ++a) {
      for (std::uint64_t b = a; b <= expected.size(); ++b) {
        REQUIRE(render(c, a, b) == expected.substr(a, b - a));
      }
    }
    CHECK(check_rewritable("t", c.move.view, c.payload, 7).has_value());

    const std::int64_t outside = 7;
    std::memcpy(c.payload.data() + width, &outside, width);
    auto gather = Gather::prepare(c.move, c.permutations);
    std::string out(c.payload.size(), '\0');
    const auto failed = gather->render(c.payload, 0, out.size(), out.data());
    REQUIRE(!failed.has_value());
    CHECK(failed.error().kind == ErrorKind::kInput);
    CHECK(failed.error().message.find("'weight'") != std::string::npos);
    CHECK(!check_rewritable("t", c.move.view, c.payload, 7).has_value());
  }
}

TEST_CASE("views that do not fit are refused") {
  std::mt19937 random(6);
  const Case good = make_case({3, 4}, 3, 16, 0, random);
  auto refused = [](const Case& c) {
    const auto gather = Gather::prepare(c.move, c.permutations);
    return !gather.has_value() && gather.error().kind == ErrorKind::kInput;
  };
  CHECK(!refused(good));
  Case c = good;
  c.move.length -= 1;
  CHECK(refused(c));
  c = good;
  c.move.length += 1;
  CHECK(refused(c));
  c = good;
  c.move.view.shape = {4, 3};
  CHECK(refused(c));
  c = good;
  c.move.axes.pop_back();
  CHECK(refused(c));
  c = good;
  c.move.axes[0] = 9;
  CHECK(refused(c));
  c = good;
  c.move.view.bits = 12;
  CHECK(refused(c));
  c = good;
  c.move.view.row_stride = 3;
  CHECK(refused(c));
  c = good;
  c.move.view.shape = {1ull << 33, 1ull << 33};
  c.move.axes = {kNone, kNone};
  c.move.view.row_stride = 0;
  CHECK(refused(c));
  c = good;
  c.move.view.row_stride = ~0ull;
  CHECK(refused(c));
  c = good;
  c.move.values = 0;  // of 16-bit elements
  CHECK(refused(c));
}

}  // namespace
}  // namespace permcrypt
