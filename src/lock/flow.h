// The order of computation across all bodies of a graph: who reads a value, what comes before what,
// and what is known before the model runs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "permcrypt/graph.h"

namespace permcrypt {

// Many short lists in two arrays.
class Lists {
 public:
  Lists() = default;
  // Each pair is (list, item); order within a list is kept.
  Lists(std::size_t lists, std::span<const std::pair<std::uint32_t, std::uint32_t>> pairs);
  std::size_t size() const { return start_.empty() ? 0 : start_.size() - 1; }
  std::span<const std::uint32_t> operator[](std::size_t list) const {
    return {items_.data() + start_[list], start_[list + 1] - start_[list]};
  }

 private:
  std::vector<std::uint32_t> start_, items_;
};

// A step is a node (its id), or the entry of a body (the number of nodes + its BodyId), which passes
// what the body's owner reads to the body's inputs. A node with bodies comes after all they hold.
class Flow {
 public:
  using Step = std::uint32_t;

  explicit Flow(const Graph& graph);

  std::span<const Step> order() const { return order_; }
  std::uint32_t position(Step step) const { return position_[step]; }
  std::span<const Step> before(Step step) const { return before_[step]; }

  // The node that makes it, or the entry of the body whose input it is; kNone for a constant.
  Step producer(ValueId value) const { return producer_[value]; }
  // The nodes that read a value; the owner of a body reads the body's outputs. Once per slot.
  std::span<const NodeId> readers(ValueId value) const { return readers_[value]; }
  // Initializers, and whatever is computed from them alone.
  bool is_constant(ValueId value) const { return constant_[value]; }
  bool is_constant_node(NodeId node) const { return constant_node_[node]; }

 private:
  void arrange(const Graph& graph);
  void find_constants(const Graph& graph);

  std::vector<Step> order_, producer_;
  std::vector<std::uint32_t> position_;
  Lists before_, readers_;
  std::vector<bool> constant_, constant_node_;
};

// Which steps come before, and which after, each of up to 64 others.
struct Reach {
  // Bit i of above[s]: s is steps[i], or steps[i] depends on s. Of below[s]: s is steps[i], or s
  // depends on it.
  std::vector<std::uint64_t> above, below;
};
// REQUIRES: steps.size() <= 64.
Reach reach_of(const Flow& flow, std::span<const Flow::Step> steps);

}  // namespace permcrypt
