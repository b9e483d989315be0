// The bridges of a graph: edges whose removal separates it into two sides.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace permcrypt {

// What lies on one side of a bridge: how many loads, where the first and the last of them are, and
// an order-free fingerprint of which they are.
struct Side {
  std::uint32_t loads = 0;
  std::uint32_t first = std::numeric_limits<std::uint32_t>::max(), last = 0;
  std::uint64_t fingerprint = 0;

  void add(const Side& other);
};
// One load; `load` is its number, `position` where it is.
Side side_of(std::uint32_t load, std::uint32_t position);

struct Bridge {
  std::uint32_t edge = 0;
  Side from, to;  // of the edge's two ends
};

struct BridgeSearch {
  std::vector<Bridge> bridges;
  std::vector<std::uint32_t> part;  // by vertex: which connected part it belongs to
  std::uint32_t parts = 0;
};

// `load` has an entry for each vertex. Parallel edges are no bridges of each other's, nor are loops.
// Linear in vertices and edges, and without recursion: graphs come from hostile files.
BridgeSearch find_bridges(std::span<const Side> load,
                          std::span<const std::pair<std::uint32_t, std::uint32_t>> edges);

}  // namespace permcrypt
