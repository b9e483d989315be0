#include "lock/trunk.h"

#include <algorithm>

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

// Calls f(batch, reach) for 64 candidates at a time.
template <class F>
void for_each_batch(const Flow& flow, std::span<const Candidate> all, F&& f) {
  for (std::size_t begin = 0; begin < all.size(); begin += kBatch) {
    const auto batch = all.subspan(begin, std::min(kBatch, all.size() - begin));
    std::vector<Flow::Step> steps;
    for (const Candidate& c : batch) steps.push_back(c.step);
    f(batch, reach_of(flow, steps));
  }
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

std::vector<Candidate> keep_ordered(const Flow& flow, const ConstraintGraph& cuts,
                                    std::vector<Candidate> candidates) {
  std::vector<Candidate> out;
  std::stable_sort(candidates.begin(), candidates.end(), [&](const auto& x, const auto& y) {
    const auto key = [&](const Candidate& c) {
      return std::pair(cuts.classes[c.cut_class].stream, flow.position(c.step));
    };
    return key(x) < key(y);
  });
  for_each_batch(flow, candidates, [&](std::span<const Candidate> batch, const Reach& reach) {
    for (std::size_t begin = 0; begin < batch.size();) {
      const auto stream = cuts.classes[batch[begin].cut_class].stream;
      std::size_t end = begin;
      while (end < batch.size() && cuts.classes[batch[end].cut_class].stream == stream) ++end;
      const auto run = batch.subspan(begin, end - begin);
      const auto ok = in_order(flow, cuts.streams[stream], run, begin, reach);
      for (std::size_t i = begin; i < end; ++i) {
        if (ok & bit(i)) out.push_back(batch[i]);
      }
      begin = end;
    }
  });
  return out;
}

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
  Leads(const Flow& flow, const ConstraintGraph& cuts)
      : flow_(flow), cuts_(cuts), origin_(flow.order().size(), kNone),
        is_cut_(cuts.streams_of.size(), false) {}

  void add(std::uint32_t stream, const std::vector<ValueId>& cut_values) {
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

  std::vector<Lead> found;

 private:
  const Flow& flow_;
  const ConstraintGraph& cuts_;
  std::vector<Flow::Step> origin_;  // by step
  std::vector<bool> is_cut_;        // by value
};

// Drops the candidates around which another stream leads.
std::vector<Candidate> drop_bypassed(const Flow& flow, const ConstraintGraph& cuts,
                                     const std::vector<Lead>& leads,
                                     const std::vector<Candidate>& candidates) {
  std::vector<std::uint64_t> carried(cuts.streams.size(), 0);
  std::vector<Candidate> out;
  for_each_batch(flow, candidates, [&](std::span<const Candidate> batch, const Reach& reach) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      for (const auto s : cuts.streams_of[batch[i].place.value]) carried[s] |= bit(i);
    }
    std::uint64_t bypassed = 0;
    for (const Lead& lead : leads) {
      bypassed |= reach.above[lead.from] & reach.below[lead.to] & ~carried[lead.stream];
    }
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (!(bypassed & bit(i))) out.push_back(batch[i]);
      for (const auto s : cuts.streams_of[batch[i].place.value]) carried[s] = 0;
    }
  });
  return out;
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
  std::vector<Candidate> candidates;
  for (std::uint32_t i = 0; i < values.size(); ++i) {
    candidates.push_back({i, {values[i], 0}, flow.producer(values[i])});
  }
  std::vector<bool> end(values.size(), false);
  for_each_batch(flow, candidates, [&](std::span<const Candidate> batch, const Reach& reach) {
    std::uint64_t has_above = 0, has_below = 0;
    for (const Candidate& c : candidates) {
      // A step is above and below itself, and only itself.
      const std::uint64_t both = reach.above[c.step] & reach.below[c.step];
      has_above |= reach.above[c.step] & ~both;
      has_below |= reach.below[c.step] & ~both;
    }
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (!(has_above & has_below & bit(i))) end[batch[i].cut_class] = true;
    }
  });
  return end;
}

}  // namespace permcrypt
