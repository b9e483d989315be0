#include "golden/disguise.h"

#include <fmt/format.h>

#include <random>
#include <set>
#include <utility>
#include <vector>

namespace permcrypt::testing {
namespace {

using Nodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;

// Names that a node reads, from inside its bodies too.
void collect_reads(const onnx::NodeProto& node, std::set<std::string>& out) {
  out.insert(node.input().begin(), node.input().end());
  for (const auto& attribute : node.attribute()) {
    if (!attribute.has_g()) continue;
    for (const auto& inner : attribute.g().node()) collect_reads(inner, out);
    for (const auto& output : attribute.g().output()) out.insert(output.name());
  }
}

// Takes a random one of the nodes whose operands are there, until none is left.
void shuffle_validly(Nodes& nodes, std::mt19937& random) {
  std::map<std::string, std::size_t> producer;
  for (int i = 0; i < nodes.size(); ++i) {
    for (const auto& name : nodes[i].output()) producer[name] = static_cast<std::size_t>(i);
  }
  const auto count = static_cast<std::size_t>(nodes.size());
  std::vector<std::set<std::size_t>> needs(count), users(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::set<std::string> reads;
    collect_reads(nodes[static_cast<int>(i)], reads);
    for (const auto& name : reads) {
      const auto it = producer.find(name);
      if (name.empty() || it == producer.end() || it->second == i) continue;
      needs[i].insert(it->second);
      users[it->second].insert(i);
    }
  }
  std::vector<std::size_t> ready;
  for (std::size_t i = 0; i < count; ++i) {
    if (needs[i].empty()) ready.push_back(i);
  }
  Nodes shuffled;
  while (!ready.empty()) {
    std::swap(ready[random() % ready.size()], ready.back());
    const std::size_t next = ready.back();
    ready.pop_back();
    *shuffled.Add() = nodes[static_cast<int>(next)];
    for (const std::size_t user : users[next]) {
      needs[user].erase(next);
      if (needs[user].empty()) ready.push_back(user);
    }
  }
  nodes.Swap(&shuffled);
}

void shuffle_freely(Nodes& nodes, std::mt19937& random) {
  for (int i = nodes.size() - 1; i > 0; --i) {
    nodes.SwapElements(i, static_cast<int>(random() % static_cast<std::uint32_t>(i + 1)));
  }
}

void shuffle(onnx::GraphProto& graph, NodeOrder order, std::mt19937& random) {
  Nodes& nodes = *graph.mutable_node();
  order == NodeOrder::kValid ? shuffle_validly(nodes, random) : shuffle_freely(nodes, random);
  for (auto& node : nodes) {
    for (auto& attribute : *node.mutable_attribute()) {
      if (attribute.has_g()) shuffle(*attribute.mutable_g(), order, random);
    }
  }
}

constexpr std::size_t kDigits = 12;

}  // namespace

void shuffle_nodes(onnx::ModelProto& model, NodeOrder order, std::uint32_t seed) {
  std::mt19937 random(seed);
  shuffle(*model.mutable_graph(), order, random);
}

Renaming::Renaming(onnx::ModelProto& model, std::uint32_t seed) : seed_(seed) {
  rename(*model.mutable_graph());
}

void Renaming::rename(std::string* name) {
  if (name->empty()) return;
  const auto [it, is_new] = new_of_old_.emplace(*name, "");
  if (is_new) {
    std::mt19937_64 random(new_of_old_.size() + (std::uint64_t{seed_} << 32));
    it->second = fmt::format("v{:0{}x}", random() >> 16, kDigits);
    old_of_new_[it->second] = *name;
  }
  *name = it->second;
}

void Renaming::rename(onnx::GraphProto& graph) {
  rename(graph.mutable_name());
  for (auto& input : *graph.mutable_input()) rename(input.mutable_name());
  for (auto& output : *graph.mutable_output()) rename(output.mutable_name());
  for (auto& value : *graph.mutable_value_info()) rename(value.mutable_name());
  for (auto& tensor : *graph.mutable_initializer()) rename(tensor.mutable_name());
  for (auto& tensor : *graph.mutable_sparse_initializer()) {
    rename(tensor.mutable_values()->mutable_name());
  }
  for (auto& node : *graph.mutable_node()) {
    rename(node.mutable_name());
    for (auto& name : *node.mutable_input()) rename(&name);
    for (auto& name : *node.mutable_output()) rename(&name);
    for (auto& attribute : *node.mutable_attribute()) {
      if (attribute.has_g()) rename(*attribute.mutable_g());
    }
  }
}

std::string Renaming::undone(const std::string& text) const {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto it = old_of_new_.find(text.substr(i, kDigits + 1));
    out += it == old_of_new_.end() ? text.substr(i, 1) : it->second;
    i += it == old_of_new_.end() ? 1 : kDigits + 1;
  }
  return out;
}

}  // namespace permcrypt::testing
