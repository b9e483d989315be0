// Agreement of two results on what they choose, position by position, and how much of it chance
// explains.
#pragma once

#include <cstdint>
#include <map>
#include <span>

namespace permcrypt {

// Agreement on the largest entry along the last axis, or of integers on their values.
struct TopOne {
  std::uint64_t positions = 0;  // how many choices were compared; 0: the last axis is no choice
  std::uint64_t agreeing = 0;
  // The agreement of two unrelated results: the most of a guess, 1 / classes; of independent draws
  // from the frequencies in both results; and of each item of the batch with another one, which
  // knows all that depends on the place alone.
  double chance = 0;
  // Of at least so much agreement by chance. Neighbours that choose alike are no independent draws:
  // a stretch along which neither result changes its choice counts as one.
  double p_value = 1;
  // Of at least so much agreement in an order of the classes drawn at random, at most (Chernoff's
  // bound): a few frequent classes may happen to be in their places.
  double p_of_order = 1;

  double agreement() const {
    return positions == 0 ? 0 : static_cast<double>(agreeing) / static_cast<double>(positions);
  }
};

// Adds up over the runs of a model; frequencies are those of all runs.
class Choices {
 public:
  static constexpr std::int64_t kNone = -1;  // `actual` chooses nothing at a position

  // One run: as many choices in both, in `items` equal parts of the batch.
  void add(std::span<const std::int64_t> expected, std::span<const std::int64_t> actual,
           std::size_t items);
  void add(const Choices& other);

  // `guess`: the agreement of a guess among all that could be chosen; 0 when that is not known.
  TopOne agreement(double guess) const;
  // Of independent draws, one for each position.
  double chance_by_frequency() const { return places_.by_frequency(); }

 private:
  struct Tally {
    std::uint64_t count = 0, agreeing = 0;
    std::map<std::int64_t, std::uint64_t> expected, actual;

    void add(std::int64_t wanted, std::int64_t chosen);
    void add(const Tally& other);
    double share() const;
    double by_frequency() const;
  };

  double p_of_order(double classes) const;

  // How often what came out (first) was something (second) in truth.
  std::map<std::int64_t, std::map<std::int64_t, std::uint64_t>> pairs_;

  Tally places_, stretches_;              // of what belongs together
  Tally other_places_, other_stretches_;  // of each item with what is expected of another
};

// P(X >= successes) for X ~ Binomial(trials, chance).
double binomial_tail(std::uint64_t trials, std::uint64_t successes, double chance);

}  // namespace permcrypt
