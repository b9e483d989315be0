#include "stacked_model.h"

#include <onnx/onnx_pb.h>

#include <fstream>
#include <string>
#include <vector>

namespace permcrypt::bench {
namespace {

constexpr std::int64_t kHeads = 4, kHeadSize = 8, kWidth = kHeads * kHeadSize, kHidden = 4 * kWidth;
constexpr std::int64_t kWords = 97, kPositions = 64;

using Names = std::vector<std::string>;

class Writer {
 public:
  std::string node(const std::string& op, const Names& inputs) {
    node_ = graph().add_node();
    node_->set_op_type(op);
    for (const std::string& name : inputs) node_->add_input(name);
    node_->add_output("v" + std::to_string(values_++));
    return node_->output(0);
  }
  // Of the last node.
  void attribute(const std::string& name, const std::vector<std::int64_t>& values, bool list) {
    onnx::AttributeProto& a = *node_->add_attribute();
    a.set_name(name);
    a.set_type(list ? onnx::AttributeProto::INTS : onnx::AttributeProto::INT);
    for (const std::int64_t v : values) list ? a.add_ints(v) : a.set_i(v);
  }

  std::string weight(const std::vector<std::int64_t>& shape) {
    onnx::TensorProto& tensor = constant(onnx::TensorProto::FLOAT, shape);
    std::int64_t count = 1;
    for (const std::int64_t extent : shape) count *= extent;
    std::string& bytes = *tensor.mutable_raw_data();
    // Equal weights would be taken for copies of each other.
    for (std::int64_t i = 0; i < count; ++i) {
      const float value = 1e-6f * static_cast<float>(drawn_++ % 1000003);
      bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    return tensor.name();
  }
  std::string scalar(float value) {
    onnx::TensorProto& tensor = constant(onnx::TensorProto::FLOAT, {});
    tensor.mutable_raw_data()->assign(reinterpret_cast<const char*>(&value), sizeof value);
    return tensor.name();
  }
  std::string integers(const std::vector<std::int64_t>& values) {
    onnx::TensorProto& tensor =
        constant(onnx::TensorProto::INT64, {static_cast<std::int64_t>(values.size())});
    tensor.mutable_raw_data()->assign(reinterpret_cast<const char*>(values.data()),
                                      values.size() * sizeof(std::int64_t));
    return tensor.name();
  }

  onnx::GraphProto& graph() { return *model_.mutable_graph(); }
  onnx::ModelProto& model() { return model_; }

 private:
  onnx::TensorProto& constant(int type, const std::vector<std::int64_t>& shape) {
    onnx::TensorProto& tensor = *graph().add_initializer();
    tensor.set_name("c" + std::to_string(graph().initializer_size()));
    tensor.set_data_type(type);
    for (const std::int64_t extent : shape) tensor.add_dims(extent);
    return tensor;
  }

  onnx::ModelProto model_;
  onnx::NodeProto* node_ = nullptr;
  int values_ = 0, drawn_ = 0;
};

class Encoder {
 public:
  explicit Encoder(Writer& w) : w_(w) {}

  std::string embed(const std::string& ids) {
    const std::string words = w_.node("Gather", {w_.weight({kWords, kWidth}), ids});
    const std::string length = w_.node("Gather", {w_.node("Shape", {ids}), w_.integers({1})});
    const std::string row = w_.node(
        "Slice", {w_.weight({kPositions, kWidth}), w_.integers({0}), length, w_.integers({0})});
    return norm(w_.node("Add", {words, row}));
  }

  std::string layer(const std::string& x) {
    const std::string y = norm(w_.node("Add", {dense(attention(x), kWidth, kWidth), x}));
    const std::string inner = gelu(dense(y, kWidth, kHidden));
    return norm(w_.node("Add", {dense(inner, kHidden, kWidth), y}));
  }

 private:
  std::string dense(const std::string& x, std::int64_t in, std::int64_t out) {
    return w_.node("Add", {w_.weight({out}), w_.node("MatMul", {x, w_.weight({in, out})})});
  }

  std::string norm(const std::string& x) {
    const std::string centred = w_.node("Sub", {x, mean(x)});
    const std::string variance = mean(w_.node("Pow", {centred, w_.scalar(2)}));
    const std::string deviation = w_.node("Sqrt", {w_.node("Add", {variance, w_.scalar(1e-12f)})});
    const std::string y =
        w_.node("Mul", {w_.node("Div", {centred, deviation}), w_.weight({kWidth})});
    return w_.node("Add", {y, w_.weight({kWidth})});
  }

  std::string mean(const std::string& x) {
    const std::string y = w_.node("ReduceMean", {x});
    w_.attribute("axes", {-1}, true);
    return y;
  }

  std::string gelu(const std::string& x) {
    const std::string e = w_.node("Erf", {w_.node("Div", {x, w_.scalar(1.4142135f)})});
    const std::string y = w_.node("Mul", {x, w_.node("Add", {e, w_.scalar(1)})});
    return w_.node("Mul", {y, w_.scalar(0.5f)});
  }

  // The extents are computed, as for dynamic batch and length.
  std::string reshape(const std::string& x, const std::vector<std::int64_t>& tail) {
    Names parts;
    for (std::int64_t axis = 0; axis < 2; ++axis) {
      const std::string extent = w_.node("Gather", {w_.node("Shape", {x}), w_.integers({axis})});
      parts.push_back(extent);
    }
    parts.push_back(w_.integers(tail));
    const std::string shape = w_.node("Concat", parts);
    w_.attribute("axis", {0}, false);
    return w_.node("Reshape", {x, shape});
  }

  std::string transpose(const std::string& x, const std::vector<std::int64_t>& order) {
    const std::string y = w_.node("Transpose", {x});
    w_.attribute("perm", order, true);
    return y;
  }

  std::string heads(const std::string& x, const std::vector<std::int64_t>& order) {
    return transpose(reshape(dense(x, kWidth, kWidth), {kHeads, kHeadSize}), order);
  }

  std::string attention(const std::string& x) {
    const std::string q = heads(x, {0, 2, 1, 3}), k = heads(x, {0, 2, 3, 1});
    const std::string v = heads(x, {0, 2, 1, 3});
    const std::string scores = w_.node("Div", {w_.node("MatMul", {q, k}), w_.scalar(2.8284271f)});
    const std::string weights = w_.node("Softmax", {scores});
    w_.attribute("axis", {-1}, false);
    return reshape(transpose(w_.node("MatMul", {weights, v}), {0, 2, 1, 3}), {kWidth});
  }

  Writer& w_;
};

void declare(onnx::ValueInfoProto& value, const std::string& name, int type,
             const std::vector<std::int64_t>& tail) {
  value.set_name(name);
  auto& tensor = *value.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(type);
  for (const char* dimension : {"batch", "length"}) {
    tensor.mutable_shape()->add_dim()->set_dim_param(dimension);
  }
  for (const std::int64_t extent : tail) tensor.mutable_shape()->add_dim()->set_dim_value(extent);
}

}  // namespace

void write_stacked_model(const std::filesystem::path& path, int layers) {
  Writer writer;
  writer.model().set_ir_version(8);
  writer.model().add_opset_import()->set_version(17);
  writer.graph().set_name("stack");
  Encoder encoder(writer);
  std::string x = encoder.embed("ids");
  for (int i = 0; i < layers; ++i) x = encoder.layer(x);
  declare(*writer.graph().add_input(), "ids", onnx::TensorProto::INT64, {});
  declare(*writer.graph().add_output(), x, onnx::TensorProto::FLOAT, {kWidth});
  std::ofstream file(path, std::ios::binary);
  writer.model().SerializeToOstream(&file);
}

}  // namespace permcrypt::bench
