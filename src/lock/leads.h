// How streams lead from cut to cut: what goes around a cut is not parted by it.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "lock/chains.h"
#include "lock/constraint_graph.h"
#include "lock/flow.h"

namespace permcrypt {

// A stream leads from one cut to another.
struct Lead {
  std::uint32_t stream = 0;
  Flow::Step from = 0, to = 0;
};

// For every cut the first one whose value it is computed from, each step of the way carrying the
// stream's factor. (A table that all layers share, such as relative positions, ties early layers to
// late ones in one stream, but does not lead from them to them.)
class Leads {
 public:
  Leads(const Flow& flow, const ConstraintGraph& cuts);

  void add(std::uint32_t stream, const std::vector<ValueId>& cut_values);

  std::vector<Lead> found;

 private:
  const Flow& flow_;
  const ConstraintGraph& cuts_;
  std::vector<Flow::Step> origin_;  // by step
  std::vector<bool> is_cut_;        // by value
};

// How many leads go around each of a chain of cuts.
class Bypasses {
 public:
  Bypasses(std::span<const Lead> leads, const ChainReach& reach, std::size_t length);

  std::int64_t all(std::uint32_t number) const { return around_[number]; }
  // Those of one stream, for each of `numbers`, which ascend.
  std::vector<std::int64_t> of_stream(std::uint32_t stream,
                                      std::span<const std::uint32_t> numbers) const;

 private:
  std::vector<std::int64_t> around_;
  // By stream: from the first cut that a lead goes around to behind the last.
  std::map<std::uint32_t, std::vector<std::pair<std::uint32_t, std::uint32_t>>> by_stream_;
};

}  // namespace permcrypt
