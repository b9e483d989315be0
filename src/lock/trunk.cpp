#include "lock/trunk.h"

#include <algorithm>
#include <map>
#include <utility>

#include "lock/chains.h"
#include "lock/leads.h"

namespace permcrypt {
namespace {

constexpr std::size_t kBatch = 64;  // bits of a mask

std::uint64_t bit(std::size_t i) { return std::uint64_t{1} << i; }

// One place of a class that may be of the trunk.
struct Candidate {
  std::uint32_t cut_class = 0;
  CutPlace place;
  Flow::Step step = 0;  // that makes the value
};

std::vector<Flow::Step> steps_of(std::span<const Candidate> candidates) {
  std::vector<Flow::Step> steps;
  for (const Candidate& c : candidates) steps.push_back(c.step);
  return steps;
}

std::vector<Candidate> pick(std::span<const Candidate> all, std::span<const std::uint32_t> which) {
  std::vector<Candidate> out;
  for (const std::uint32_t i : which) out.push_back(all[i]);
  return out;
}

// Calls chained(chain, reach) for chains of candidates, and batched(batch, reach) for 64 of the
// others at a time. Either returns which of them are to be kept.
template <class Chained, class Batched>
std::vector<Candidate> keep(const Flow& flow, std::span<const Candidate> all, Chained&& chained,
                            Batched&& batched) {
  std::vector<bool> kept(all.size(), false);
  const Chains split = split_into_chains(flow, steps_of(all), kBatch);
  for (const auto& numbers : split.chains) {
    const std::vector<Candidate> chain = pick(all, numbers);
    const std::vector<bool> good = chained(chain, reach_of_chain(flow, steps_of(chain)));
    for (std::size_t i = 0; i < chain.size(); ++i) kept[numbers[i]] = good[i];
  }
  for (std::size_t begin = 0; begin < split.rest.size(); begin += kBatch) {
    const auto numbers =
        std::span(split.rest).subspan(begin, std::min(kBatch, split.rest.size() - begin));
    const std::vector<Candidate> batch = pick(all, numbers);
    const std::uint64_t good = batched(batch, reach_of(flow, steps_of(batch)));
    for (std::size_t i = 0; i < batch.size(); ++i) kept[numbers[i]] = good & bit(i);
  }
  std::vector<Candidate> out;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (kept[i]) out.push_back(all[i]);
  }
  return out;
}

// The candidates before which all their stream's matrices upstream, and after which all those
// downstream, are read. REQUIRES: candidates of one stream, by position.
std::uint64_t in_order(const Flow& flow, const Stream& stream, std::span<const Candidate> candidates,
                       std::size_t offset, const Reach& reach) {
  std::uint64_t ok = 0, earlier = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) ok |= bit(offset + i);
  const std::uint64_t these = ok;
  std::size_t next = 0;
  for (const NodeId reader : stream.readers) {
    while (next < candidates.size() &&
           flow.position(candidates[next].step) < flow.position(reader)) {
      earlier |= bit(offset + next++);
    }
    ok &= (reach.below[reader] & earlier) | (reach.above[reader] & these & ~earlier);
  }
  return ok;
}

// The same of those of a chain that `numbers` has, which are of one stream.
void keep_in_order(const Flow& flow, const Stream& stream, std::span<const Candidate> chain,
                   std::span<const std::uint32_t> numbers, const ChainReach& reach,
                   std::vector<bool>& kept) {
  const auto& readers = stream.readers;
  std::vector<std::uint32_t> below(readers.size() + 1, kNone);  // the least of readers from here on
  for (std::size_t r = readers.size(); r-- > 0;) {
    below[r] = std::min(below[r + 1], reach.below[readers[r]]);
  }
  std::size_t next = 0;  // the first reader behind the candidate
  std::uint32_t above = 0;
  for (const std::uint32_t i : numbers) {
    for (; next < readers.size() && flow.position(readers[next]) <= flow.position(chain[i].step);
         ++next) {
      above = std::max(above, reach.above[readers[next]]);
    }
    kept[i] = i < below[next] && i >= above;
  }
}

std::vector<Candidate> keep_ordered(const Flow& flow, const ConstraintGraph& cuts,
                                    std::vector<Candidate> candidates) {
  const auto stream_of = [&](const Candidate& c) { return cuts.classes[c.cut_class].stream; };
  std::stable_sort(candidates.begin(), candidates.end(), [&](const auto& x, const auto& y) {
    const auto key = [&](const Candidate& c) {
      return std::pair(stream_of(c), flow.position(c.step));
    };
    return key(x) < key(y);
  });
  const auto chained = [&](std::span<const Candidate> chain, const ChainReach& reach) {
    std::map<std::uint32_t, std::vector<std::uint32_t>> by_stream;
    for (std::uint32_t i = 0; i < chain.size(); ++i) by_stream[stream_of(chain[i])].push_back(i);
    std::vector<bool> kept(chain.size(), false);
    for (const auto& [stream, numbers] : by_stream) {
      keep_in_order(flow, cuts.streams[stream], chain, numbers, reach, kept);
    }
    return kept;
  };
  const auto batched = [&](std::span<const Candidate> batch, const Reach& reach) {
    std::uint64_t kept = 0;
    for (std::size_t begin = 0; begin < batch.size();) {
      const auto stream = stream_of(batch[begin]);
      std::size_t end = begin;
      while (end < batch.size() && stream_of(batch[end]) == stream) ++end;
      kept |= in_order(flow, cuts.streams[stream], batch.subspan(begin, end - begin), begin, reach);
      begin = end;
    }
    return kept;
  };
  return keep(flow, candidates, chained, batched);
}

// Drops the candidates around which another stream leads.
std::vector<Candidate> drop_bypassed(const Flow& flow, const ConstraintGraph& cuts,
                                     const std::vector<Lead>& leads,
                                     const std::vector<Candidate>& candidates) {
  const auto chained = [&](std::span<const Candidate> chain, const ChainReach& reach) {
    std::map<std::uint32_t, std::vector<std::uint32_t>> carriers;  // by stream
    for (std::uint32_t i = 0; i < chain.size(); ++i) {
      for (const auto s : cuts.streams_of[chain[i].place.value]) {
        std::vector<std::uint32_t>& numbers = carriers[s];
        if (numbers.empty() || numbers.back() != i) numbers.push_back(i);
      }
    }
    const Bypasses bypasses(leads, reach, chain.size());
    std::vector<std::int64_t> around(chain.size());
    for (std::uint32_t i = 0; i < chain.size(); ++i) around[i] = bypasses.all(i);
    for (const auto& [stream, numbers] : carriers) {
      const auto own = bypasses.of_stream(stream, numbers);
      for (std::size_t k = 0; k < numbers.size(); ++k) around[numbers[k]] -= own[k];
    }
    std::vector<bool> kept;
    for (const std::int64_t count : around) kept.push_back(count == 0);
    return kept;
  };
  std::vector<std::uint64_t> carried(cuts.streams.size(), 0);
  const auto batched = [&](std::span<const Candidate> batch, const Reach& reach) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      for (const auto s : cuts.streams_of[batch[i].place.value]) carried[s] |= bit(i);
    }
    std::uint64_t bypassed = 0;
    for (const Lead& lead : leads) {
      bypassed |= reach.above[lead.from] & reach.below[lead.to] & ~carried[lead.stream];
    }
    for (const Candidate& c : batch) {
      for (const auto s : cuts.streams_of[c.place.value]) carried[s] = 0;
    }
    return ~bypassed;
  };
  return keep(flow, candidates, chained, batched);
}

}  // namespace

std::vector<bool> find_trunk(const Flow& flow, ConstraintGraph& cuts) {
  std::vector<Candidate> candidates;
  for (std::uint32_t c = 0; c < cuts.classes.size(); ++c) {
    if (cuts.classes[c].up.last >= cuts.classes[c].down.first) continue;
    for (const CutPlace& p : cuts.classes[c].places) {
      candidates.push_back({c, p, flow.producer(p.value)});
    }
  }
  std::vector<std::vector<CutPlace>> places(cuts.classes.size());
  std::vector<std::vector<ValueId>> cuts_of(cuts.streams.size());
  std::vector<Candidate> first;  // of each class
  for (const Candidate& c : keep_ordered(flow, cuts, std::move(candidates))) {
    const CutClass& cut = cuts.classes[c.cut_class];
    cuts_of[cut.stream].push_back(c.place.value);
    if (!cut.parts_matrices()) continue;
    if (places[c.cut_class].empty()) first.push_back(c);
    places[c.cut_class].push_back(c.place);
  }
  Leads leads(flow, cuts);
  for (std::uint32_t s = 0; s < cuts_of.size(); ++s) {
    if (cuts_of[s].size() > 1) leads.add(s, cuts_of[s]);
  }
  std::vector<bool> trunk(cuts.classes.size(), false);
  for (const Candidate& c : drop_bypassed(flow, cuts, leads.found, first)) {
    trunk[c.cut_class] = true;
    cuts.classes[c.cut_class].places = places[c.cut_class];
  }
  return trunk;
}

std::vector<bool> find_ends(const Flow& flow, const std::vector<ValueId>& values) {
  std::vector<bool> is_place(flow.order().size(), false);
  for (const ValueId v : values) is_place[flow.producer(v)] = true;
  // By step: another place is above it, or below it.
  std::vector<bool> has_above(flow.order().size(), false), has_below(flow.order().size(), false);
  for (const auto step : flow.order()) {
    for (const auto earlier : flow.before(step)) {
      if (has_above[earlier] || is_place[earlier]) has_above[step] = true;
    }
  }
  for (auto it = flow.order().rbegin(); it != flow.order().rend(); ++it) {
    if (!has_below[*it] && !is_place[*it]) continue;
    for (const auto earlier : flow.before(*it)) has_below[earlier] = true;
  }
  std::vector<bool> end;
  for (const ValueId v : values) {
    end.push_back(!has_above[flow.producer(v)] || !has_below[flow.producer(v)]);
  }
  return end;
}

}  // namespace permcrypt
