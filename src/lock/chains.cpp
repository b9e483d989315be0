#include "lock/chains.h"

#include <algorithm>
#include <utility>

namespace permcrypt {
namespace {

using Pairs = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

// The longest way through the graph, counted in `weight`: the steps on it that have any.
std::vector<Flow::Step> longest_way(const Flow& flow, std::span<const std::uint32_t> weight) {
  std::vector<std::uint32_t> length(weight.begin(), weight.end());
  std::vector<Flow::Step> from(weight.size(), kNone);
  Flow::Step last = kNone;
  for (const Flow::Step step : flow.order()) {
    for (const Flow::Step earlier : flow.before(step)) {
      if (length[earlier] + weight[step] <= length[step]) continue;
      length[step] = length[earlier] + weight[step];
      from[step] = earlier;
    }
    if (last == kNone || length[step] > length[last]) last = step;
  }
  std::vector<Flow::Step> way;
  for (; last != kNone; last = from[last]) {
    if (weight[last] > 0) way.push_back(last);
  }
  std::ranges::reverse(way);
  return way;
}

}  // namespace

ChainReach reach_of_chain(const Flow& flow, std::span<const Flow::Step> chain) {
  const auto length = static_cast<std::uint32_t>(chain.size());
  ChainReach reach;
  reach.below.resize(flow.order().size(), 0);
  reach.above.resize(flow.order().size(), length);
  for (std::uint32_t i = 0; i < length; ++i) {
    reach.below[chain[i]] = i + 1;
    reach.above[chain[length - 1 - i]] = length - 1 - i;
  }
  for (const Flow::Step step : flow.order()) {
    for (const Flow::Step earlier : flow.before(step)) {
      reach.below[step] = std::max(reach.below[step], reach.below[earlier]);
    }
  }
  for (auto it = flow.order().rbegin(); it != flow.order().rend(); ++it) {
    for (const Flow::Step earlier : flow.before(*it)) {
      reach.above[earlier] = std::min(reach.above[earlier], reach.above[*it]);
    }
  }
  return reach;
}

Chains split_into_chains(const Flow& flow, std::span<const Flow::Step> steps, std::size_t least) {
  Pairs at;
  std::vector<std::uint32_t> weight(flow.order().size(), 0);  // by step: how many are left there
  for (std::uint32_t i = 0; i < steps.size(); ++i) {
    at.emplace_back(steps[i], i);
    ++weight[steps[i]];
  }
  const Lists numbers(flow.order().size(), at);
  Chains out;
  std::vector<bool> taken(steps.size(), false);
  for (std::size_t left = steps.size(); left >= least;) {
    std::vector<std::uint32_t> chain;
    for (const Flow::Step step : longest_way(flow, weight)) {
      chain.insert(chain.end(), numbers[step].begin(), numbers[step].end());
    }
    if (chain.size() < least) break;
    for (const std::uint32_t i : chain) {
      taken[i] = true;
      weight[steps[i]] = 0;
    }
    left -= chain.size();
    out.chains.push_back(std::move(chain));
  }
  for (std::uint32_t i = 0; i < steps.size(); ++i) {
    if (!taken[i]) out.rest.push_back(i);
  }
  return out;
}

}  // namespace permcrypt
