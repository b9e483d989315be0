#include "infer/node_order.h"

#include <google/protobuf/unknown_field_set.h>

#include <functional>
#include <queue>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

namespace permcrypt {
namespace {

// All names a node reads from the bodies around it, including from inside its subgraphs.
void collect_reads(const onnx::NodeProto& node, std::set<std::string>& out) {
  for (const auto& name : node.input()) {
    if (!name.empty()) out.insert(name);
  }
  for (const auto& attribute : node.attribute()) {
    for (int i = -1; i < attribute.graphs_size(); ++i) {
      if (i < 0 && !attribute.has_g()) continue;
      const onnx::GraphProto& g = i < 0 ? attribute.g() : attribute.graphs(i);
      std::set<std::string> inner;
      for (const auto& n : g.node()) collect_reads(n, inner);
      for (const auto& o : g.output()) inner.insert(o.name());
      for (const auto& n : g.node()) {
        for (const auto& o : n.output()) inner.erase(o);
      }
      for (const auto& t : g.initializer()) inner.erase(t.name());
      for (const auto& v : g.input()) inner.erase(v.name());
      out.merge(inner);
    }
  }
}

}  // namespace

// FunctionProto.attribute_proto (field 11) is younger than the installed ONNX library may be.
std::vector<onnx::AttributeProto> default_attributes(const onnx::FunctionProto& function) {
  constexpr int kAttributeProto = 11;
  std::vector<onnx::AttributeProto> out;
  const auto* field = function.GetDescriptor()->FindFieldByNumber(kAttributeProto);
  const auto* reflection = function.GetReflection();
  if (field) {
    for (int i = 0; i < reflection->FieldSize(function, field); ++i) {
      out.emplace_back();
      out.back().CopyFrom(reflection->GetRepeatedMessage(function, field, i));
    }
    return out;
  }
  const auto& unknown = reflection->GetUnknownFields(function);
  for (int i = 0; i < unknown.field_count(); ++i) {
    const auto& f = unknown.field(i);
    onnx::AttributeProto attribute;
    if (f.number() == kAttributeProto && f.type() == f.TYPE_LENGTH_DELIMITED &&
        attribute.ParseFromString(f.length_delimited())) {
      out.push_back(std::move(attribute));
    }
  }
  return out;
}

std::vector<int> order_nodes(const google::protobuf::RepeatedPtrField<onnx::NodeProto>& nodes) {
  std::unordered_map<std::string, int> producer;
  for (int i = 0; i < nodes.size(); ++i) {
    for (const auto& o : nodes[i].output()) producer.emplace(o, i);
  }
  std::vector<std::vector<int>> consumers(nodes.size());
  std::vector<int> missing(nodes.size(), 0);
  for (int i = 0; i < nodes.size(); ++i) {
    std::set<std::string> reads;
    collect_reads(nodes[i], reads);
    for (const auto& name : reads) {
      const auto it = producer.find(name);
      if (it == producer.end() || name.empty()) continue;
      consumers[it->second].push_back(i);
      ++missing[i];
    }
  }
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (int i = 0; i < nodes.size(); ++i) {
    if (missing[i] == 0) ready.push(i);
  }
  std::vector<int> order;
  while (!ready.empty()) {
    const int i = ready.top();
    ready.pop();
    order.push_back(i);
    for (const int c : consumers[i]) {
      if (--missing[c] == 0) ready.push(c);
    }
  }
  if (order.size() != static_cast<std::size_t>(nodes.size())) order.clear();
  return order;
}

}  // namespace permcrypt
