// A model of two layers whose second weight is sparse, in every form in which it may be stored.
#pragma once

#include <onnx/onnx_pb.h>

#include <random>
#include <string>
#include <vector>

#include "plan/small_models.h"

namespace permcrypt::test {

struct SparseForm {
  bool coordinates = false;  // indices are [entries, rank]
  bool typed = false;        // float_data and int64_data instead of raw_data
  bool in_constant = false;  // in a Constant node
  bool external = false;     // both parts in `sparse.data`, the indices first
  std::vector<std::int64_t> shape = {12, 8};
};

inline void set_numbers(onnx::TensorProto& tensor, const std::vector<std::int64_t>& numbers,
                        bool typed) {
  tensor.clear_raw_data();
  tensor.clear_int64_data();
  for (const std::int64_t n : numbers) {
    if (typed) {
      tensor.add_int64_data(n);
    } else {
      tensor.mutable_raw_data()->append(reinterpret_cast<const char*>(&n), sizeof n);
    }
  }
}

// Entry k is at elements[k], a row-major number.
inline onnx::SparseTensorProto sparse_tensor(const std::string& name,
                                             const std::vector<std::int64_t>& elements,
                                             const SparseForm& form) {
  onnx::SparseTensorProto sparse;
  onnx::TensorProto &values = *sparse.mutable_values(), &indices = *sparse.mutable_indices();
  for (const std::int64_t n : form.shape) sparse.add_dims(n);
  const auto entries = static_cast<std::int64_t>(elements.size());
  values.set_name(name);
  values.set_data_type(onnx::TensorProto::FLOAT);
  values.add_dims(entries);
  indices.set_data_type(onnx::TensorProto::INT64);
  indices.add_dims(entries);
  if (form.coordinates) indices.add_dims(static_cast<std::int64_t>(form.shape.size()));
  std::mt19937 random(static_cast<unsigned>(name.size()));
  std::vector<std::int64_t> numbers;
  for (const std::int64_t element : elements) {
    const float value = static_cast<float>(random() % 2001) / 1000.0f - 1.0005f;
    if (form.typed) {
      values.add_float_data(value);
    } else {
      values.mutable_raw_data()->append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    std::vector<std::int64_t> entry;
    std::int64_t rest = element;
    for (std::size_t k = form.shape.size(); k-- > 0; rest /= form.shape[k]) {
      entry.insert(entry.begin(), rest % form.shape[k]);
    }
    if (form.coordinates) {
      numbers.insert(numbers.end(), entry.begin(), entry.end());
    } else {
      numbers.push_back(element);
    }
  }
  set_numbers(indices, numbers, form.typed);
  return sparse;
}

// About every third element of a shape.
inline std::vector<std::int64_t> some_elements(const std::vector<std::int64_t>& shape) {
  std::int64_t count = 1;
  for (const std::int64_t n : shape) count *= n;
  std::mt19937 random(7);
  std::vector<std::int64_t> out;
  for (std::int64_t i = 0; i < count; ++i) {
    if (random() % 3 == 0) out.push_back(i);
  }
  return out;
}

// y = Relu(x w1) w2, w2 sparse.
class SparseModel {
 public:
  explicit SparseModel(const SparseForm& form = {})
      : SparseModel(sparse_tensor("w2", some_elements(form.shape), form), form) {}

  SparseModel(onnx::SparseTensorProto w2, const SparseForm& form = {}) {
    const std::int64_t hidden = form.shape[0], out = form.shape[1];
    maker_.input("x", {3, 20}).output("y", {3, out}).weight("w1", {20, hidden});
    std::mt19937 random(11);
    std::string& bytes = *maker_.graph().mutable_initializer(0)->mutable_raw_data();
    for (std::size_t at = 0; at < bytes.size(); at += sizeof(float)) {
      const float value = static_cast<float>(random() % 2001) / 1000.0f - 1.0f;
      bytes.replace(at, sizeof value, reinterpret_cast<const char*>(&value), sizeof value);
    }
    if (form.external) move_out(w2);
    if (form.in_constant) {
      maker_.node("Constant", {}, "w2");
      auto& attribute = *maker_.graph().mutable_node(0)->add_attribute();
      attribute.set_name("sparse_value");
      attribute.set_type(onnx::AttributeProto::SPARSE_TENSOR);
      *attribute.mutable_sparse_tensor() = std::move(w2);
    } else {
      *maker_.graph().add_sparse_initializer() = std::move(w2);
    }
    maker_.node("MatMul", {"x", "w1"}, "h")
        .node("Relu", {"h"}, "r")
        .node("MatMul", {"r", "w2"}, "y");
  }

  ModelMaker& maker() { return maker_; }
  // The model's file, and its data file.
  std::filesystem::path write(const TempFolder& folder) {
    if (!data_.empty()) folder.write("sparse.data", data_);
    return folder.write("model.onnx", maker_.proto().SerializeAsString());
  }

 private:
  void move_out(onnx::SparseTensorProto& sparse) {
    for (onnx::TensorProto* tensor : {sparse.mutable_indices(), sparse.mutable_values()}) {
      const auto entry = [&](const char* key, const std::string& value) {
        auto& e = *tensor->add_external_data();
        e.set_key(key);
        e.set_value(value);
      };
      tensor->set_data_location(onnx::TensorProto::EXTERNAL);
      entry("location", "sparse.data");
      entry("offset", std::to_string(data_.size()));
      entry("length", std::to_string(tensor->raw_data().size()));
      data_ += tensor->raw_data() + "gap";
      tensor->clear_raw_data();
    }
  }

  ModelMaker maker_;
  std::string data_;
};

}  // namespace permcrypt::test
