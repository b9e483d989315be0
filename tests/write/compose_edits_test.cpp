#include "write/compose_edits.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

namespace permcrypt {
namespace {

std::string edited(const std::string& text, const std::vector<Edit>& edits) {
  std::string result;
  std::size_t at = 0;
  for (const Edit& edit : edits) {
    REQUIRE(edit.offset >= at);
    REQUIRE(text.substr(edit.offset, edit.original.size()) == edit.original);
    result += text.substr(at, edit.offset - at) + edit.replacement;
    at = edit.offset + edit.original.size();
  }
  return result + text.substr(at);
}

TEST_CASE("No second round leaves the first") {
  const std::vector<Edit> first{{0, 2, "cd", "xyz"}, {0, 6, "", "w"}};
  const auto composed = compose_edits(first, {});
  CHECK(edited("abcdefgh", composed) == "abxyzefwgh");
  CHECK(composed.size() == 2);
}

TEST_CASE("A change of what was inserted is one edit") {
  const auto composed = compose_edits({{0, 1, "b", "longer"}}, {{0, 3, "ng", "NG"}});
  REQUIRE(composed.size() == 1);
  CHECK(composed[0].offset == 1);
  CHECK(composed[0].original == "b");
  CHECK(composed[0].replacement == "loNGer");
}

TEST_CASE("Taking a change back leaves nothing") {
  CHECK(compose_edits({{0, 1, "b", "xx"}}, {{0, 1, "xx", "b"}}).empty());
}

TEST_CASE("Two rounds at once are one after the other") {
  std::mt19937 random(7);
  const auto below = [&](std::size_t bound) { return bound == 0 ? 0 : random() % bound; };
  const auto random_edits = [&](const std::string& text) {
    std::vector<Edit> edits;
    for (std::size_t at = below(4); at <= text.size(); at += 1 + below(6)) {
      const std::string original = text.substr(at, below(4));
      edits.push_back({0, at, original, std::string(below(4), static_cast<char>('A' + below(26)))});
      at += original.size();
    }
    return edits;
  };
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (std::size_t i = 0; i < 5 + below(40); ++i) text += static_cast<char>('a' + below(26));
    const auto first = random_edits(text);
    const std::string between = edited(text, first);
    const auto then = random_edits(between);
    CAPTURE(text);
    CAPTURE(between);
    CHECK(edited(text, compose_edits(first, then)) == edited(between, then));
  }
}

}  // namespace
}  // namespace permcrypt
