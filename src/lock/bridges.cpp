#include "lock/bridges.h"

#include <algorithm>

#include "lock/flow.h"

namespace permcrypt {
namespace {

constexpr std::uint32_t kUnseen = 0xffffffffu;

std::uint64_t scramble(std::uint64_t x) {  // splitmix64
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// Tarjan's search of one connected part after the other.
class Search {
 public:
  Search(std::span<const Side> load, std::span<const std::pair<std::uint32_t, std::uint32_t>> edges)
      : load_(load), edges_(edges), entered_(load.size(), kUnseen), low_(load.size()),
        inside_(load.begin(), load.end()) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> incident;
    for (std::uint32_t e = 0; e < edges.size(); ++e) {
      incident.emplace_back(edges[e].first, e);
      incident.emplace_back(edges[e].second, e);
    }
    incident_ = Lists(load.size(), incident);
    result_.part.resize(load.size());
  }

  BridgeSearch run() {
    for (std::uint32_t v = 0; v < load_.size(); ++v) {
      if (entered_[v] == kUnseen) search_part(v);
    }
    return std::move(result_);
  }

 private:
  struct Frame {
    std::uint32_t vertex, edge;  // the edge it was reached through
    std::size_t next = 0;
  };
  struct Found {
    std::uint32_t edge, vertex;  // the vertex below the edge
    std::uint32_t begin, end;    // its subtree, in preorder
  };

  void enter(std::uint32_t vertex, std::uint32_t edge) {
    entered_[vertex] = low_[vertex] = static_cast<std::uint32_t>(preorder_.size());
    result_.part[vertex] = result_.parts;
    preorder_.push_back(vertex);
    stack_.push_back({vertex, edge});
  }

  void search_part(std::uint32_t root) {
    preorder_.clear();
    found_.clear();
    enter(root, kUnseen);
    while (!stack_.empty()) {
      Frame& f = stack_.back();
      const auto incident = incident_[f.vertex];
      if (f.next == incident.size()) {
        leave();
        continue;
      }
      const std::uint32_t edge = incident[f.next++];
      if (edge == f.edge) continue;
      const auto& [a, b] = edges_[edge];
      const std::uint32_t other = a == f.vertex ? b : a;
      if (entered_[other] == kUnseen) {
        enter(other, edge);
      } else {
        low_[f.vertex] = std::min(low_[f.vertex], entered_[other]);
      }
    }
    report();
    ++result_.parts;
  }

  void leave() {
    const Frame f = stack_.back();
    stack_.pop_back();
    if (stack_.empty()) return;
    const std::uint32_t parent = stack_.back().vertex;
    low_[parent] = std::min(low_[parent], low_[f.vertex]);
    inside_[parent].add(inside_[f.vertex]);
    if (low_[f.vertex] > entered_[parent]) {
      found_.push_back({f.edge, f.vertex, entered_[f.vertex],
                        static_cast<std::uint32_t>(preorder_.size())});
    }
  }

  // The far side of a bridge is what preorder holds in front of the subtree and behind it.
  void report() {
    const std::size_t n = preorder_.size();
    std::vector<Side> head(n + 1), tail(n + 1);
    for (std::size_t i = 0; i < n; ++i) {
      head[i + 1] = head[i];
      head[i + 1].add(load_[preorder_[i]]);
    }
    for (std::size_t i = n; i-- > 0;) {
      tail[i] = tail[i + 1];
      tail[i].add(load_[preorder_[i]]);
    }
    for (const Found& f : found_) {
      Side outside = head[f.begin];
      outside.add(tail[f.end]);
      const Side& inside = inside_[f.vertex];
      if (edges_[f.edge].second == f.vertex) {
        result_.bridges.push_back({f.edge, outside, inside});
      } else {
        result_.bridges.push_back({f.edge, inside, outside});
      }
    }
  }

  std::span<const Side> load_;
  std::span<const std::pair<std::uint32_t, std::uint32_t>> edges_;
  Lists incident_;
  std::vector<std::uint32_t> entered_, low_, preorder_;
  std::vector<Side> inside_;  // loads of the subtree, complete once the search has left it
  std::vector<Frame> stack_;
  std::vector<Found> found_;
  BridgeSearch result_;
};

}  // namespace

void Side::add(const Side& other) {
  loads += other.loads;
  first = std::min(first, other.first);
  last = std::max(last, other.last);
  fingerprint ^= other.fingerprint;
}

Side side_of(std::uint32_t load, std::uint32_t position) {
  return {1, position, position, scramble(load)};
}

BridgeSearch find_bridges(std::span<const Side> load,
                          std::span<const std::pair<std::uint32_t, std::uint32_t>> edges) {
  return Search(load, edges).run();
}

}  // namespace permcrypt
