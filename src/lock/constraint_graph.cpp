#include "lock/constraint_graph.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>
#include <unordered_map>

namespace permcrypt {
namespace {

// The factor lies on `axis` of the value; kNone: the value's elements are its coordinates.
struct Incidence {
  ExprId factor;
  ValueId value;
  std::uint32_t axis;
  auto operator<=>(const Incidence&) const = default;
};

std::vector<Incidence> find_incidences(Inference& inference) {
  std::vector<Incidence> out;
  const auto add = [&](ExprId expr, ValueId v, std::uint32_t axis) {
    for (const ExprId f : inference.axes.factors(expr)) {
      if (inference.axes.is_free(f)) out.push_back({f, v, axis});
    }
  };
  for (ValueId v = 0; v < inference.values.size(); ++v) {
    const ValueFacts& facts = inference.values[v];
    for (std::uint32_t k = 0; k < facts.axes.size(); ++k) add(facts.axes[k].expr, v, k);
    if (facts.coordinates != kNone) add(facts.coordinates, v, kNone);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

bool is_matrix(const ValueFacts& facts) {
  const auto long_axes = std::count_if(facts.axes.begin(), facts.axes.end(),
                                       [](const Axis& x) { return !x.unit(); });
  return long_axes >= 2 && is_weight_type(facts.type);
}

class Builder {
 public:
  Builder(const Graph& graph, Inference& inference, const Flow& flow)
      : graph_(graph), inference_(inference), flow_(flow), vertex_of_(graph.nodes.size(), kNone) {
    for (BodyId b = 1; b < graph.bodies.size(); ++b) {
      for (const ValueId v : graph.bodies[b].inputs) owner_[v] = graph.bodies[b].owner;
    }
    for (const CachePair& pair : inference.caches) present_of_[pair.past] = pair.present;
  }

  ConstraintGraph build() {
    const auto all = find_incidences(inference_);
    for (std::size_t begin = 0; begin < all.size();) {
      std::size_t end = begin;
      while (end < all.size() && all[end].factor == all[begin].factor) ++end;
      build_factor({all.data() + begin, end - begin});
      begin = end;
    }
    out_.streams_of = Lists(graph_.values.size(), streams_of_);
    std::stable_sort(out_.classes.begin(), out_.classes.end(), [&](const auto& x, const auto& y) {
      return place_position(x) < place_position(y);
    });
    return std::move(out_);
  }

 private:
  struct Edge {
    CutPlace place;
    NodeId from, to;
  };

  std::uint32_t place_position(const CutClass& c) const {
    return flow_.position(flow_.producer(c.places.front().value));
  }

  std::uint32_t vertex(NodeId node) {
    if (vertex_of_[node] == kNone) {
      vertex_of_[node] = static_cast<std::uint32_t>(nodes_.size());
      nodes_.push_back(node);
      parent_.push_back(vertex_of_[node]);
    }
    return vertex_of_[node];
  }

  std::uint32_t find(std::uint32_t x) {
    while (parent_[x] != x) x = parent_[x] = parent_[parent_[x]];
    return x;
  }

  void join(NodeId x, NodeId y) { parent_[find(vertex(x))] = find(vertex(y)); }

  // The node a value comes from; for the input of a Loop's body, the Loop.
  NodeId source(ValueId v) const {
    const auto it = owner_.find(v);
    return it == owner_.end() ? graph_.values[v].producer : it->second;
  }

  void add_constant(ValueId v) {
    if (!is_matrix(inference_.values[v])) return;
    for (const NodeId reader : flow_.readers(v)) {
      if (!flow_.is_constant_node(reader)) readers_.push_back(vertex(reader));
    }
  }

  // All readers of a value number it alike.
  void add_value(const CutPlace& place) {
    const auto readers = flow_.readers(place.value);
    for (const NodeId reader : readers) join(readers.front(), reader);
    const NodeId from = source(place.value);
    if (from != kNone) vertex(from);
    if (from != kNone && !readers.empty()) edges_.push_back({place, from, readers.front()});
  }

  // What a step hands on must be numbered as the next step takes it.
  void tie_caches(std::span<const Incidence> factor) {
    const auto carries = [&](ValueId v) {
      const auto it = std::lower_bound(factor.begin(), factor.end(), v,
                                       [](const Incidence& i, ValueId x) { return i.value < x; });
      return it != factor.end() && it->value == v;
    };
    for (const Incidence& i : factor) {
      const auto pair = present_of_.find(i.value);
      if (pair == present_of_.end() || !carries(pair->second)) continue;
      const auto readers = flow_.readers(i.value);
      const NodeId from = graph_.values[pair->second].producer;
      if (!readers.empty() && from != kNone) join(readers.front(), from);
    }
  }

  void build_factor(std::span<const Incidence> factor) {
    for (std::size_t i = 0; i < factor.size(); ++i) {
      const bool again = i > 0 && factor[i - 1].value == factor[i].value;
      if (again) continue;
      const bool several = i + 1 < factor.size() && factor[i + 1].value == factor[i].value;
      const ValueId v = factor[i].value;
      if (flow_.is_constant(v)) {
        add_constant(v);
      } else {
        add_value({v, several ? kNone : factor[i].axis});
      }
    }
    tie_caches(factor);
    add_streams();
    for (const NodeId n : nodes_) vertex_of_[n] = kNone;
    nodes_.clear();
    parent_.clear();
    readers_.clear();
    edges_.clear();
  }

  void add_streams() {
    std::sort(readers_.begin(), readers_.end());
    readers_.erase(std::unique(readers_.begin(), readers_.end()), readers_.end());
    std::vector<Side> load(nodes_.size());
    for (const auto r : readers_) {
      load[find(r)].add(side_of(nodes_[r], flow_.position(nodes_[r])));
    }
    std::vector<std::pair<std::uint32_t, std::uint32_t>> ends;
    for (const Edge& e : edges_) ends.emplace_back(find(vertex(e.from)), find(vertex(e.to)));
    const BridgeSearch search = find_bridges(load, ends);
    const auto first = static_cast<std::uint32_t>(out_.streams.size());
    out_.streams.resize(first + search.parts);
    for (const auto r : readers_) {
      out_.streams[first + search.part[find(r)]].readers.push_back(nodes_[r]);
    }
    for (std::size_t e = 0; e < edges_.size(); ++e) {
      const std::uint32_t s = first + search.part[ends[e].first];
      out_.streams[s].values.push_back(edges_[e].place.value);
      streams_of_.emplace_back(edges_[e].place.value, s);
    }
    const auto position = [&](ValueId v) { return flow_.position(flow_.producer(v)); };
    for (std::size_t s = first; s < out_.streams.size(); ++s) {
      Stream& stream = out_.streams[s];
      std::sort(stream.readers.begin(), stream.readers.end(),
                [&](NodeId x, NodeId y) { return flow_.position(x) < flow_.position(y); });
      std::stable_sort(stream.values.begin(), stream.values.end(),
                       [&](ValueId x, ValueId y) { return position(x) < position(y); });
    }
    add_classes(search, first, ends);
  }

  void add_classes(const BridgeSearch& search, std::uint32_t first,
                   std::span<const std::pair<std::uint32_t, std::uint32_t>> ends) {
    std::map<std::tuple<std::uint32_t, std::uint64_t, std::uint64_t>, std::size_t> known;
    std::vector<CutClass> classes;
    for (const Bridge& b : search.bridges) {
      if (b.from.loads + b.to.loads == 0) continue;
      const std::uint32_t stream = first + search.part[ends[b.edge].first];
      const auto [it, inserted] = known.try_emplace(
          std::tuple{stream, b.from.fingerprint, b.to.fingerprint}, classes.size());
      if (inserted) classes.push_back({stream, b.from, b.to, {}});
      classes[it->second].places.push_back(edges_[b.edge].place);
    }
    for (CutClass& c : classes) {
      std::sort(c.places.begin(), c.places.end(), [&](const CutPlace& x, const CutPlace& y) {
        return std::pair(flow_.position(flow_.producer(x.value)), x.value) <
               std::pair(flow_.position(flow_.producer(y.value)), y.value);
      });
      out_.classes.push_back(std::move(c));
    }
  }

  const Graph& graph_;
  Inference& inference_;
  const Flow& flow_;
  std::unordered_map<ValueId, NodeId> owner_;       // of body inputs
  std::unordered_map<ValueId, ValueId> present_of_;  // of caches
  // Of the factor at hand.
  std::vector<std::uint32_t> vertex_of_;  // by node
  std::vector<NodeId> nodes_;             // by vertex
  std::vector<std::uint32_t> parent_;     // by vertex: union-find
  std::vector<std::uint32_t> readers_;    // vertices that read matrices
  std::vector<Edge> edges_;
  std::vector<std::pair<ValueId, std::uint32_t>> streams_of_;
  ConstraintGraph out_;
};

}  // namespace

bool is_weight_type(std::int32_t type) {
  using T = onnx::TensorProto;
  return type != T::INT64 && type != T::INT32 && type != T::BOOL && type != T::STRING;
}

ConstraintGraph build_constraint_graph(const Graph& graph, Inference& inference, const Flow& flow) {
  return Builder(graph, inference, flow).build();
}

}  // namespace permcrypt
