#include "verify/choices.h"

#include <doctest/doctest.h>

#include <random>
#include <vector>

namespace permcrypt {
namespace {

using doctest::Approx;
using List = std::vector<std::int64_t>;

constexpr double kSkill = 1e-6;

TopOne agreement(const List& expected, const List& actual, std::size_t items, double guess = 0) {
  Choices choices;
  choices.add(expected, actual, items);
  return choices.agreement(guess);
}

// Draws from `classes`, each kept for `stay` positions.
List drawn(std::size_t size, std::int64_t classes, std::size_t stay, unsigned seed) {
  std::mt19937 random(seed);
  List out;
  while (out.size() < size) {
    const auto choice = static_cast<std::int64_t>(random() % static_cast<unsigned>(classes));
    out.insert(out.end(), stay, choice);
  }
  out.resize(size);
  return out;
}

// As `expected`, but for every n-th position.
List but_for_every(std::size_t n, List expected, std::int64_t classes) {
  for (std::size_t i = 0; i < expected.size(); i += n) {
    expected[i] = (expected[i] + 1 + static_cast<std::int64_t>(i) % (classes - 1)) % classes;
  }
  return expected;
}

TEST_CASE("choices: what is right now and then is more than chance") {
  const List expected = drawn(400, 10, 1, 1);
  List third = drawn(400, 10, 1, 2);
  for (std::size_t i = 0; i < third.size(); i += 3) third[i] = expected[i];
  CHECK(agreement(expected, third, 8).p_value < kSkill);
  CHECK(agreement(expected, third, 400).p_value < kSkill);
  CHECK(agreement(expected, drawn(400, 10, 1, 3), 8).p_value > 0.001);
}

TEST_CASE("choices: neighbours that choose alike are one draw") {
  // Twenty draws of two, seen four hundred times, of which most agree.
  List expected, actual;
  for (int draw = 0; draw < 20; ++draw) {
    expected.insert(expected.end(), 20, draw % 2);
    actual.insert(actual.end(), 20, draw % 5 == 0 ? 2 : draw % 2);
  }
  const TopOne top = agreement(expected, actual, 1);
  CHECK(top.positions == 400);
  CHECK(top.agreement() == Approx(0.8));
  CHECK(binomial_tail(400, 320, top.chance) < kSkill);
  CHECK(top.p_value > kSkill);
  // The same share of independent draws is skill.
  CHECK(agreement(drawn(400, 10, 1, 1), but_for_every(5, drawn(400, 10, 1, 1), 10), 1).p_value <
        kSkill);
}

TEST_CASE("choices: what depends on the place alone is no skill") {
  // Every item chooses by place, nine times in ten.
  const std::size_t items = 8, size = 50;
  const List by_place = drawn(size, 20, 1, 4);
  List expected, actual;
  for (std::size_t item = 0; item < items; ++item) {
    for (List* list : {&expected, &actual}) {
      const List own = drawn(size, 20, 1, static_cast<unsigned>(10 + list->size()));
      for (std::size_t i = 0; i < size; ++i) {
        const bool odd_one = (i + item * (list == &expected ? 3 : 7)) % 10 == 0;
        list->push_back(odd_one ? own[i] : by_place[i]);
      }
    }
  }
  const TopOne top = agreement(expected, actual, items);
  CHECK(top.agreement() > 0.7);
  CHECK(top.chance > 0.7);
  CHECK(top.p_value > 0.001);
  // But what knows the odd ones of each item does know something.
  CHECK(agreement(expected, expected, items).p_value < kSkill);
  // Items of one input are no measure of chance.
  List twice = by_place;
  twice.insert(twice.end(), by_place.begin(), by_place.end());
  CHECK(agreement(twice, twice, 2).chance < 0.2);
}

TEST_CASE("choices: frequencies are those of all runs") {
  Choices choices;
  for (std::int64_t i = 0; i < 300; ++i) choices.add(List{i % 3}, List{i % 3}, 1);
  CHECK(choices.chance_by_frequency() == Approx(1.0 / 3));
  CHECK(choices.agreement(0.5).chance == Approx(0.5));
  CHECK(choices.agreement(0).p_value < kSkill);
  Choices other;
  other.add(List{5}, List{Choices::kNone}, 1);
  choices.add(other);
  CHECK(choices.agreement(0).positions == 301);
  CHECK(choices.agreement(0).agreeing == 300);
}

TEST_CASE("choices: an order may leave a few classes in their places") {
  // Another order of forty classes, in which the two most frequent ones stay.
  List expected = drawn(400, 40, 1, 5), actual;
  for (std::size_t i = 0; i < expected.size(); i += 5) expected[i] = i % 2 == 0 ? 3 : 4;
  for (const std::int64_t choice : expected) {
    const bool stays = choice == 3 || choice == 4;
    actual.push_back(stays ? choice : (choice + 11) % 40);
  }
  const TopOne top = agreement(expected, actual, 400, 1.0 / 40);
  CHECK(top.agreement() > 0.2);
  CHECK(top.p_value < kSkill);
  CHECK(top.p_of_order > 1e-4);
  // That ten of them stay is no accident.
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (expected[i] < 10) actual[i] = expected[i];
  }
  CHECK(agreement(expected, actual, 400, 1.0 / 40).p_of_order < kSkill);
  CHECK(agreement(expected, expected, 400, 1.0 / 40).p_of_order < 1e-50);
  // Of two classes, one order in two.
  const List sides = drawn(400, 2, 1, 6);
  CHECK(agreement(sides, sides, 400, 0.5).p_of_order == Approx(0.25));
}

TEST_CASE("choices: one frequent class") {
  // Nineteen of twenty are one class; unrelated results still agree in nine of ten.
  List expected(1000, 0), actual(1000, 0);
  for (std::size_t i = 0; i < 1000; i += 20) expected[i] = actual[i + 7] = 1;
  CHECK(agreement(expected, actual, 1000).agreement() == Approx(0.9));
  CHECK(agreement(expected, actual, 1000).p_value > 0.01);
  CHECK(agreement(expected, expected, 1000).p_value < kSkill);
}

TEST_CASE("choices: the binomial tail") {
  CHECK(binomial_tail(10, 0, 0.3) == 1);
  CHECK(binomial_tail(10, 11, 0.3) == 0);
  CHECK(binomial_tail(2, 2, 0.1) == Approx(0.01));
  CHECK(binomial_tail(2, 1, 0.1) == Approx(0.19));
  CHECK(binomial_tail(1000, 100, 0.1) == Approx(0.5154).epsilon(1e-3));
  CHECK(binomial_tail(1000, 200, 0.1) == Approx(1.5e-21).epsilon(0.1));
  CHECK(binomial_tail(5, 3, 1) == 1);
}

}  // namespace
}  // namespace permcrypt
