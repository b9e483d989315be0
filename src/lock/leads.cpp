#include "lock/leads.h"

#include <algorithm>
#include <numeric>

namespace permcrypt {

Leads::Leads(const Flow& flow, const ConstraintGraph& cuts)
    : flow_(flow),
      cuts_(cuts),
      origin_(flow.order().size(), kNone),
      is_cut_(cuts.streams_of.size(), false) {}

void Leads::add(std::uint32_t stream, const std::vector<ValueId>& cut_values) {
  for (const ValueId v : cut_values) is_cut_[v] = true;
  for (const ValueId v : cuts_.streams[stream].values) {
    const Flow::Step step = flow_.producer(v);
    Flow::Step origin = origin_[step];
    if (is_cut_[v]) {
      if (origin == kNone) origin = step;
      if (origin != step) found.push_back({stream, origin, step});
    }
    if (origin == kNone) continue;
    for (const NodeId reader : flow_.readers(v)) {
      const Flow::Step known = origin_[reader];
      if (known == kNone || flow_.position(origin) < flow_.position(known)) {
        origin_[reader] = origin;
      }
    }
  }
  for (const ValueId v : cut_values) is_cut_[v] = false;
  for (const ValueId v : cuts_.streams[stream].values) {
    for (const NodeId reader : flow_.readers(v)) origin_[reader] = kNone;
  }
}

Bypasses::Bypasses(std::span<const Lead> leads, const ChainReach& reach, std::size_t length)
    : around_(length + 1, 0) {
  for (const Lead& lead : leads) {
    const std::uint32_t begin = reach.above[lead.from], end = reach.below[lead.to];
    if (begin >= end) continue;
    ++around_[begin];
    --around_[end];
    by_stream_[lead.stream].emplace_back(begin, end);
  }
  std::partial_sum(around_.begin(), around_.end(), around_.begin());
}

std::vector<std::int64_t> Bypasses::of_stream(std::uint32_t stream,
                                              std::span<const std::uint32_t> numbers) const {
  std::vector<std::int64_t> out(numbers.size() + 1, 0);
  const auto found = by_stream_.find(stream);
  if (found == by_stream_.end()) return out;
  const auto place = [&](std::uint32_t number) {
    return static_cast<std::size_t>(std::ranges::lower_bound(numbers, number) - numbers.begin());
  };
  for (const auto& [begin, end] : found->second) {
    ++out[place(begin)];
    --out[place(end)];
  }
  std::partial_sum(out.begin(), out.end(), out.begin());
  return out;
}

}  // namespace permcrypt
