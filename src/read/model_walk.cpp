#include "read/model_walk.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "read/locate.h"
#include "read/onnx_fields.h"
#include "read/onnx_messages.h"
#include "read/tensor_reader.h"
#include "read/wire.h"

namespace permcrypt {
namespace {

namespace f = onnx_field;

constexpr int kDeepest = 64;  // messages inside each other
// Scopes repeat names for every message below: bounds the work, and the memory for tensors' names.
constexpr std::uint64_t kMostNameBytes = std::uint64_t{1} << 32;
constexpr std::size_t kMostFrames = 1u << 24;  // a bound on memory, far beyond any real graph

// A message that the walk is in.
struct Place {
  MessageKind kind = MessageKind::kModel;
  std::uint64_t begin = 0, end = 0;
  FrameId frame = kNone;
  int depth = 1;
  std::string scope = {};    // of the tensors in it
  std::string name = {};     // of tensors below a node, and in the scope of its graphs; else ""
  bool is_constant = false;  // a Constant node
};

class Walk {
 public:
  Walk(std::string_view file, Model& model, ExternalFiles& external)
      : file_(file), model_(model), external_(external) {}

  Result<std::string> run() {
    const Place all{.begin = 0, .end = file_.size()};
    if (auto walked = message(all); !walked) return fail(std::move(walked.error()));
    return std::move(skeleton_);
  }

 private:
  Result<void> message(const Place& place);
  Result<void> enter(const Place& outer, const ChildMessage& child, const wire::Field& field,
                     std::uint32_t index);
  Result<void> finish(const Place& place);
  Result<void> finish_tensor(const Place& place);
  Result<void> finish_sparse(const Place& place);
  void name_place(Place& place, const Place& outer, const ChildMessage& child,
                  std::uint32_t index) const;
  std::string first_output(const Place& node) const;
  bool is_constant(const Place& node) const;
  std::string function_scope(const Place& function) const;

  std::string_view bytes_of(const Place& place, f::Number number) const {
    return wire::last_bytes(file_, place.begin, place.end, number);
  }

  const std::string_view file_;
  Model& model_;
  ExternalFiles& external_;
  std::string skeleton_;
  std::uint64_t name_bytes_ = 0;
};

Result<void> Walk::message(const Place& place) {
  std::array<std::uint32_t, kChildNumbers> seen{};
  wire::Cursor cursor(file_, place.begin, place.end);
  while (const auto field = cursor.next()) {
    const bool is_bytes = field->type == wire::Type::kBytes;
    if (const ChildMessage* child = is_bytes ? child_message(place.kind, field->number) : nullptr) {
      const std::uint32_t index = seen[child->number]++;
      if (index > 0 && !child->repeated) {
        return fail(ErrorKind::kInput, "a part that can occur only once occurs twice, at byte " +
                                           std::to_string(field->tag));
      }
      if (auto entered = enter(place, *child, *field, index); !entered) return entered;
    } else if (!is_left_out(place.kind, field->number)) {
      skeleton_ += file_.substr(field->tag, field->end - field->tag);
    }
  }
  if (!cursor.ok()) {
    return fail(ErrorKind::kInput,
                "it breaks off or makes no sense at byte " + std::to_string(cursor.position()));
  }
  return finish(place);
}

Result<void> Walk::enter(const Place& outer, const ChildMessage& child, const wire::Field& field,
                         std::uint32_t index) {
  if (outer.depth == kDeepest) return fail(ErrorKind::kInput, "it has more than 64 levels");
  if (model_.frames.size() == kMostFrames) return fail(ErrorKind::kInput, "it has too many parts");
  Place place{.kind = child.kind,
              .begin = field.begin,
              .end = field.end,
              .frame = static_cast<FrameId>(model_.frames.size()),
              .depth = outer.depth + 1};
  model_.frames.push_back(frame_around(field, outer.frame));
  name_place(place, outer, child, index);
  name_bytes_ += place.scope.size() + place.name.size();
  if (name_bytes_ > kMostNameBytes) return fail(ErrorKind::kInput, "its names are too long");

  // The length is known at the end only; a varint may be padded, so five bytes always hold it.
  wire::append_tag(skeleton_, field.number, wire::Type::kBytes);
  const std::size_t length_at = skeleton_.size();
  skeleton_.append(5, '\x80');
  if (auto walked = message(place); !walked) return walked;
  std::uint64_t length = skeleton_.size() - length_at - 5;
  for (int i = 0; i < 5; ++i, length >>= 7) {
    skeleton_[length_at + i] = static_cast<char>((length & 0x7f) | (i < 4 ? 0x80 : 0));
  }
  return {};
}

Result<void> Walk::finish(const Place& place) {
  switch (place.kind) {
    case MessageKind::kGraph:
      wire::append_bytes(skeleton_, f::graph::kDocString, std::to_string(place.frame));
      return {};
    case MessageKind::kNode:
      wire::append_bytes(skeleton_, f::node::kDocString, std::to_string(place.frame));
      return {};
    case MessageKind::kFunction:
      wire::append_bytes(skeleton_, f::function::kDocString, std::to_string(place.frame));
      return {};
    case MessageKind::kTensor:
      return finish_tensor(place);
    case MessageKind::kSparse:
      return finish_sparse(place);
    default:
      return {};
  }
}

Result<void> Walk::finish_tensor(const Place& place) {
  auto tensor = read_tensor(file_, place.frame, model_.frames, external_);
  if (!tensor) return fail(std::move(tensor.error()));
  tensor->scope = place.scope;
  if (!place.name.empty()) tensor->name = place.name;
  const auto id = static_cast<TensorId>(model_.tensors.size());
  model_.tensors.push_back(std::move(*tensor));
  std::string id_bytes;
  for (int shift = 0; shift < 32; shift += 8) id_bytes += static_cast<char>(id >> shift & 0xff);
  wire::append_bytes(skeleton_, f::tensor::kRawData, id_bytes);
  return {};
}

Result<void> Walk::finish_sparse(const Place& place) {
  SparseTensor sparse;
  const auto begin_of = [&](const Tensor& tensor) { return model_.frames[tensor.frame].begin; };
  const auto part_at = [&](std::uint64_t begin) {  // tensors are in the order of the file
    const auto part = std::ranges::lower_bound(model_.tensors, begin, {}, begin_of);
    const bool found = part != model_.tensors.end() && begin_of(*part) == begin;
    return found ? static_cast<TensorId>(part - model_.tensors.begin()) : kNone;
  };
  wire::Cursor cursor(file_, place.begin, place.end);
  while (const auto field = cursor.next()) {
    if (field->is(f::sparse::kValues, wire::Type::kBytes)) {
      sparse.values = part_at(field->begin);
    } else if (field->is(f::sparse::kIndices, wire::Type::kBytes)) {
      sparse.indices = part_at(field->begin);
    } else if (field->is(f::sparse::kDims, wire::Type::kBytes) ||
               field->is(f::sparse::kDims, wire::Type::kVarint)) {
      if (auto added = add_dims(file_, *field, sparse.shape); !added) return added;
    }
  }
  if (sparse.values != kNone) model_.sparse.push_back(std::move(sparse));
  return {};
}

// What tensors in `place` are called; see Tensor::name and Tensor::scope.
void Walk::name_place(Place& place, const Place& outer, const ChildMessage& child,
                      std::uint32_t index) const {
  std::string item;
  if (child.repeated) item.append("[").append(std::to_string(index)).append("]");
  place.scope = outer.scope;
  switch (place.kind) {
    case MessageKind::kTraining:
      place.name = "training" + item;
      break;
    case MessageKind::kFunction:
      place.scope = function_scope(place);
      break;
    case MessageKind::kGraph:
      if (outer.kind == MessageKind::kTraining) {
        const bool first = child.number == f::training::kInitialization;
        place.scope += outer.name + (first ? ".initialization/" : ".algorithm/");
      } else if (outer.kind == MessageKind::kAttribute) {
        place.scope += outer.name + item + "/";
      }
      break;
    case MessageKind::kNode:
      place.name = first_output(place);
      place.is_constant = is_constant(place);
      break;
    case MessageKind::kAttribute: {
      const std::string_view attribute = bytes_of(place, f::attribute::kName);
      place.name = outer.name;
      if (!outer.is_constant || (attribute != "value" && attribute != "sparse_value")) {
        place.name += "." + std::string(attribute);
      }
      break;
    }
    case MessageKind::kSparse:
    case MessageKind::kTensor:
      if (outer.name.empty()) break;  // in a graph: the tensor's own name
      place.name = outer.name + item;
      if (outer.kind == MessageKind::kSparse && child.number == f::sparse::kIndices) {
        place.name += ".indices";
      }
      break;
    case MessageKind::kModel:
    case MessageKind::kValueInfo:
      break;
  }
}

std::string Walk::first_output(const Place& node) const {
  wire::Cursor cursor(file_, node.begin, node.end);
  while (const auto field = cursor.next()) {
    if (field->is(f::node::kOutput, wire::Type::kBytes) && field->size() > 0) {
      return std::string(file_.substr(field->begin, field->size()));
    }
  }
  return {};
}

bool Walk::is_constant(const Place& node) const {
  const std::string_view domain = bytes_of(node, f::node::kDomain);
  return bytes_of(node, f::node::kOpType) == "Constant" && (domain.empty() || domain == "ai.onnx");
}

std::string Walk::function_scope(const Place& function) const {
  std::string scope(bytes_of(function, f::function::kDomain));
  scope += ":";
  scope += bytes_of(function, f::function::kName);
  const std::string_view overload = bytes_of(function, f::function::kOverload);
  if (!overload.empty()) scope += ":" + std::string(overload);
  return scope + "/";
}

}  // namespace

Result<std::string> walk_model(std::string_view file, Model& model, ExternalFiles& external) {
  return Walk(file, model, external).run();
}

}  // namespace permcrypt
