#include "write/graph_records.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/quote.h"

namespace permcrypt {
namespace {

using T = onnx::TensorProto;

constexpr std::size_t kFewIntegers = 8;

bool is_float(std::int64_t type) {
  return type == T::FLOAT || type == T::FLOAT16 || type == T::BFLOAT16 || type == T::DOUBLE;
}

// All floating-point types are one.
std::string type_text(std::int64_t type) { return is_float(type) ? "float" : std::to_string(type); }

// Parts one after the other, each with its length.
std::string framed(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += std::to_string(part.size()) + ":" + part;
  return out;
}

std::string tensor_text(const T& tensor) {
  std::string out = type_text(tensor.data_type());
  for (const std::int64_t extent : tensor.dims()) out += "x" + std::to_string(extent);
  return out;
}

std::string attribute_text(const std::string& op, const onnx::AttributeProto& attribute) {
  if (attribute.has_t()) return framed({attribute.name(), tensor_text(attribute.t())});
  if (attribute.has_g() || attribute.graphs_size() > 0) return framed({attribute.name(), "graph"});
  if (op == "Cast" && attribute.name() == "to") {
    return framed({attribute.name(), type_text(attribute.i())});
  }
  onnx::AttributeProto plain = attribute;
  plain.clear_doc_string();
  for (T& tensor : *plain.mutable_tensors()) tensor.clear_raw_data();
  plain.clear_sparse_tensor();
  plain.clear_sparse_tensors();
  return plain.SerializeAsString();
}

// Passes its operand on, but for a floating-point type.
bool passes_on(const onnx::NodeProto& node) {
  if (!node.domain().empty() && node.domain() != "ai.onnx") return false;
  if (node.input_size() != 1 || node.output_size() != 1) return false;
  if (node.op_type() == "Identity") return true;
  if (node.op_type() != "Cast") return false;
  return std::ranges::any_of(node.attribute(), [](const auto& attribute) {
    return attribute.name() == "to" && is_float(attribute.i());
  });
}

// The tensor that a Constant node holds, however it spells it; nothing for strings and the like.
std::optional<T> constant_of(const onnx::NodeProto& node) {
  if (node.op_type() != "Constant" || node.output_size() != 1 || node.attribute_size() != 1) {
    return std::nullopt;
  }
  const onnx::AttributeProto& attribute = node.attribute(0);
  T out;
  if (attribute.has_t()) {
    out = attribute.t();
  } else if (attribute.name() == "value_float" || attribute.name() == "value_floats") {
    out.set_data_type(T::FLOAT);
    if (attribute.name() == "value_floats") out.add_dims(attribute.floats_size());
  } else {
    return std::nullopt;
  }
  out.set_name(node.output(0));
  return out;
}

using Sink = std::function<void(GraphRecord)>;

class Recorder {
 public:
  Recorder(PayloadReader& payloads, const Plan& plan, Sink sink)
      : payloads_(payloads), sink_(std::move(sink)) {
    for (const PlanTensor& tensor : plan.tensors) {
      if (tensor.payload.length <= kFewIntegers * 10) moving_.push_back(tensor.name);
    }
  }

  void run(const onnx::ModelProto& model) {
    add_interface(model.graph());
    add_opsets(model);
    walk("", model.graph().node(), model.graph().initializer(), &model.graph());
    for (const auto& function : model.functions()) {
      walk(framed({function.domain(), function.name()}), function.node(), {}, nullptr);
    }
  }

 private:
  using Nodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;
  using Tensors = google::protobuf::RepeatedPtrField<T>;

  void add_interface(const onnx::GraphProto& graph) {
    std::set<std::string> constants;
    for (const auto& tensor : graph.initializer()) constants.insert(tensor.name());
    std::vector<std::string> inputs{"inputs"}, outputs{"outputs"};
    for (const auto& input : graph.input()) {
      if (!constants.contains(input.name())) inputs.push_back(input.name());
    }
    for (const auto& output : graph.output()) outputs.push_back(output.name());
    const std::string text = framed({framed(inputs), framed(outputs)});
    sink_({.label = "the model's inputs and outputs", .forms = {text}, .is_interface = true});
  }

  // A lock may have brought in the default domain.
  void add_opsets(const onnx::ModelProto& model) {
    const std::string any = framed({"opset", "", "any"});
    bool has_default = false;
    for (const auto& import : model.opset_import()) {
      const std::string domain = import.domain() == "ai.onnx" ? "" : import.domain();
      has_default = has_default || domain.empty();
      GraphRecord record{.label = "the version of operators of domain " + in_quotes(domain),
                         .forms = {framed({"opset", domain, std::to_string(import.version())})}};
      if (domain.empty()) record.forms.push_back(any);
      sink_(std::move(record));
    }
    if (!has_default) sink_({.label = "operators", .forms = {any}});
  }

  void walk(const std::string& scope, const Nodes& nodes, const Tensors& tensors,
            const onnx::GraphProto* graph) {
    for (const T& tensor : tensors) add_tensor(scope, tensor);
    for (const auto& node : nodes) {
      if (const auto constant = constant_of(node)) add_tensor(scope, *constant);
    }
    struct Users {
      std::size_t count = 0;
      const onnx::NodeProto* first = nullptr;
    };
    std::map<std::string_view, Users> users;
    for (const auto& node : nodes) {
      for (const auto& name : node.input()) {
        Users& of_this = users[name];
        if (of_this.count++ == 0) of_this.first = &node;
      }
      if (passes_on(node)) source_[node.output(0)] = node.input(0);
    }
    std::set<std::string> outputs;
    if (graph) {
      for (const auto& output : graph->output()) outputs.insert(output.name());
    }
    const auto behind = [&](std::string name) {  // where a value is known under another name
      for (std::size_t steps = 0; steps < users.size() && !outputs.contains(name); ++steps) {
        const auto it = users.find(name);
        if (it == users.end() || it->second.count != 1 || !passes_on(*it->second.first)) break;
        name = it->second.first->output(0);
      }
      return name;
    };
    for (const auto& node : nodes) {
      if (!passes_on(node) && !constant_of(node)) add_node(scope, node, behind);
      for (const auto& attribute : node.attribute()) {
        const std::string inner =
            framed({scope, node.output_size() > 0 ? node.output(0) : "", attribute.name()});
        if (attribute.has_g()) {
          walk(inner, attribute.g().node(), attribute.g().initializer(), &attribute.g());
        }
        for (const auto& one : attribute.graphs()) {
          walk(inner, one.node(), one.initializer(), &one);
        }
      }
    }
  }

  void add_tensor(const std::string& scope, const T& tensor) {
    values_.erase(tensor.name());
    if (const auto text = integers(tensor)) {
      values_[tensor.name()] = *text;
      return;
    }
    sink_({.label = "tensor " + in_quotes(tensor.name()),
           .forms = {framed({scope, "tensor", tensor.name(), tensor_text(tensor)})},
           .is_tensor = true});
  }

  // A few integers that stay: shapes, axes, bounds.
  std::optional<std::string> integers(const T& tensor) {
    if (tensor.data_type() != T::INT64 || tensor.dims_size() > 1 || !tensor.has_raw_data()) {
      return std::nullopt;
    }
    const auto moves = [&](const std::string& name) { return name.ends_with(tensor.name()); };
    if (std::ranges::any_of(moving_, moves)) return std::nullopt;
    const auto values = payloads_.integers(tensor_id(tensor), kFewIntegers);
    if (!values) return std::nullopt;
    std::string out = tensor_text(tensor) + "=";
    for (const std::int64_t value : *values) out += std::to_string(value) + ",";
    return out;
  }

  template <class Behind>
  void add_node(const std::string& scope, const onnx::NodeProto& node, const Behind& behind) {
    std::vector<std::string> inputs, outputs, further, attributes;
    for (const auto& name : node.input()) inputs.push_back(origin(name));
    for (const auto& name : node.output()) {
      outputs.push_back(name);
      further.push_back(name.empty() ? name : behind(name));
    }
    for (const auto& a : node.attribute()) attributes.push_back(attribute_text(node.op_type(), a));
    std::ranges::sort(attributes);
    const std::string domain = node.domain() == "ai.onnx" ? "" : node.domain();
    const auto form = [&](const std::vector<std::string>& results) {
      return framed(
          {scope, domain, node.op_type(), framed(inputs), framed(results), framed(attributes)});
    };
    GraphRecord record{.label = "node " + in_quotes(node.output_size() > 0 ? node.output(0) : "") +
                                " (" + printable(node.op_type()) + ")",
                       .forms = {form(outputs)}};
    if (further != outputs) record.forms.push_back(form(further));
    sink_(std::move(record));
  }

  std::string origin(std::string name) const {
    for (std::size_t steps = 0; steps < source_.size(); ++steps) {
      const auto it = source_.find(name);
      if (it == source_.end()) break;
      name = it->second;
    }
    const auto value = values_.find(name);
    return value == values_.end() ? name : framed({"value", value->second});
  }

  PayloadReader& payloads_;
  const Sink sink_;
  std::vector<std::string> moving_;            // small tensors that the plan changes
  std::map<std::string, std::string> values_;  // of tensors that are a few integers
  std::map<std::string, std::string> source_;  // result -> operand of what passes it on
};

}  // namespace

void for_each_record(const onnx::ModelProto& structure, PayloadReader& payloads, const Plan& plan,
                     const std::function<void(GraphRecord)>& visit) {
  Recorder(payloads, plan, visit).run(structure);
}

std::vector<GraphRecord> graph_records(const onnx::ModelProto& structure, PayloadReader& payloads,
                                       const Plan& plan) {
  std::vector<GraphRecord> records;
  for_each_record(structure, payloads, plan,
                  [&](GraphRecord record) { records.push_back(std::move(record)); });
  return records;
}

}  // namespace permcrypt
