#include "permcrypt/id_list.h"

#include <doctest/doctest.h>

#include <numeric>
#include <utility>
#include <vector>

namespace permcrypt::test {
namespace {

IdList counting(std::uint32_t size) {
  IdList list;
  for (std::uint32_t i = 0; i < size; ++i) list.push_back(i);
  return list;
}

TEST_CASE("id lists: short and long ones, copied and moved") {
  for (const std::uint32_t size : {0, 1, 3, 4, 5, 8, 9, 100}) {
    CAPTURE(size);
    std::vector<std::uint32_t> expected(size);
    std::iota(expected.begin(), expected.end(), 0u);
    const auto is_right = [&](const IdList& list) {
      return std::vector<std::uint32_t>(list.begin(), list.end()) == expected &&
             list.size() == size && list.empty() == (size == 0);
    };
    IdList list = counting(size);
    CHECK(is_right(list));
    CHECK(list == IdList(std::span<const std::uint32_t>(expected)));
    IdList copy = list;
    copy.push_back(7);
    CHECK(copy.back() == 7);
    CHECK(copy != list);
    CHECK(is_right(list));
    for (const std::uint32_t other : {2u, 50u}) {
      copy = counting(other);
      copy = list;
      CHECK(is_right(copy));
      copy = counting(other);
      copy = std::move(list);
      CHECK(is_right(copy));
      list = copy;
    }
    const IdList& itself = list;
    list = itself;
    CHECK(is_right(list));
    if (size > 0) {
      list[size - 1] = 9;
      CHECK(list.back() == 9);
      CHECK(copy.back() == size - 1);
    }
  }
  CHECK(IdList{3, 1, 2} == IdList{3, 1, 2});
  CHECK(IdList{3, 1, 2} != IdList{3, 1});
}

}  // namespace
}  // namespace permcrypt::test
