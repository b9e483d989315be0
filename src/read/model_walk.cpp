#include "read/model_walk.h"

#include <array>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

#include "base/quote.h"
#include "read/locate.h"
#include "read/onnx_fields.h"
#include "read/tensor_reader.h"
#include "read/wire.h"

namespace permcrypt {
namespace {

namespace f = onnx_field;

constexpr int kDeepest = 64;                   // messages inside each other
constexpr std::size_t kMostFrames = 1u << 24;  // a bound on memory, far beyond any real graph

// The messages that the walk enters. All others are copied as they are.
enum class Kind {
  kModel,
  kTraining,
  kFunction,
  kGraph,
  kNode,
  kAttribute,
  kSparse,
  kTensor,
  kValueInfo
};

struct Child {
  Kind of;
  f::Number number;
  Kind kind;
  bool repeated;
};

constexpr Child kChildren[] = {
    {Kind::kModel, f::model::kGraph, Kind::kGraph, false},
    {Kind::kModel, f::model::kTraining, Kind::kTraining, true},
    {Kind::kModel, f::model::kFunction, Kind::kFunction, true},
    {Kind::kTraining, f::training::kInitialization, Kind::kGraph, false},
    {Kind::kTraining, f::training::kAlgorithm, Kind::kGraph, false},
    {Kind::kFunction, f::function::kNode, Kind::kNode, true},
    {Kind::kFunction, f::function::kAttribute, Kind::kAttribute, true},
    {Kind::kFunction, f::function::kValueInfo, Kind::kValueInfo, true},
    {Kind::kGraph, f::graph::kNode, Kind::kNode, true},
    {Kind::kGraph, f::graph::kInitializer, Kind::kTensor, true},
    {Kind::kGraph, f::graph::kSparseInitializer, Kind::kSparse, true},
    {Kind::kGraph, f::graph::kInput, Kind::kValueInfo, true},
    {Kind::kGraph, f::graph::kOutput, Kind::kValueInfo, true},
    {Kind::kGraph, f::graph::kValueInfo, Kind::kValueInfo, true},
    {Kind::kNode, f::node::kAttribute, Kind::kAttribute, true},
    {Kind::kAttribute, f::attribute::kTensor, Kind::kTensor, false},
    {Kind::kAttribute, f::attribute::kTensors, Kind::kTensor, true},
    {Kind::kAttribute, f::attribute::kGraph, Kind::kGraph, false},
    {Kind::kAttribute, f::attribute::kGraphs, Kind::kGraph, true},
    {Kind::kAttribute, f::attribute::kSparseTensor, Kind::kSparse, false},
    {Kind::kAttribute, f::attribute::kSparseTensors, Kind::kSparse, true},
    {Kind::kSparse, f::sparse::kValues, Kind::kTensor, false},
    {Kind::kSparse, f::sparse::kIndices, Kind::kTensor, false},
};

// Fields that the skeleton leaves out: payloads, inner metadata, and the doc_strings in whose place
// FrameIds are written.
struct Dropped {
  Kind of;
  f::Number number;
};

constexpr Dropped kDropped[] = {
    {Kind::kFunction, f::function::kDocString},   {Kind::kFunction, f::function::kMetadata},
    {Kind::kGraph, f::graph::kDocString},         {Kind::kGraph, f::graph::kMetadata},
    {Kind::kNode, f::node::kDocString},           {Kind::kNode, f::node::kMetadata},
    {Kind::kValueInfo, f::value_info::kMetadata}, {Kind::kTensor, f::tensor::kFloatData},
    {Kind::kTensor, f::tensor::kInt32Data},       {Kind::kTensor, f::tensor::kStringData},
    {Kind::kTensor, f::tensor::kInt64Data},       {Kind::kTensor, f::tensor::kRawData},
    {Kind::kTensor, f::tensor::kDoubleData},      {Kind::kTensor, f::tensor::kUint64Data},
    {Kind::kTensor, f::tensor::kExternalData},    {Kind::kTensor, f::tensor::kDataLocation},
    {Kind::kTensor, f::tensor::kMetadata},
};

const Child* child_of(Kind kind, const wire::Field& field) {
  if (field.type != wire::Type::kBytes) return nullptr;
  for (const Child& child : kChildren) {
    if (child.of == kind && child.number == field.number) return &child;
  }
  return nullptr;
}

bool is_dropped(Kind kind, f::Number number) {
  for (const Dropped& dropped : kDropped) {
    if (dropped.of == kind && dropped.number == number) return true;
  }
  return false;
}

// A message that the walk is in.
struct Place {
  Kind kind = Kind::kModel;
  std::uint64_t begin = 0, end = 0;
  FrameId frame = kNone;
  int depth = 1;
  std::string scope = {};  // of the tensors in it
  std::string name = {};   // of tensors below a node, and in the scope of its graphs; "" in a graph
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
  Result<void> enter(const Place& outer, const Child& child, const wire::Field& field,
                     std::uint32_t index);
  Result<void> finish(const Place& place);
  Result<void> finish_tensor(const Place& place);
  void name_place(Place& place, const Place& outer, const Child& child, std::uint32_t index) const;
  std::string first_output(const Place& node) const;
  bool is_constant_value(const Place& node, std::string_view attribute) const;
  std::string function_scope(const Place& function) const;

  std::string_view bytes_of(const Place& place, f::Number number) const {
    return wire::last_bytes(file_, place.begin, place.end, number);
  }

  const std::string_view file_;
  Model& model_;
  ExternalFiles& external_;
  std::string skeleton_;
};

Result<void> Walk::message(const Place& place) {
  std::array<std::uint32_t, std::size(kChildren)> seen{};
  wire::Cursor cursor(file_, place.begin, place.end);
  while (const auto field = cursor.next()) {
    if (const Child* child = child_of(place.kind, *field)) {
      const std::uint32_t index = seen[static_cast<std::size_t>(child - kChildren)]++;
      if (index > 0 && !child->repeated) {
        return fail(ErrorKind::kInput, "a part that can occur only once occurs twice, at byte " +
                                           std::to_string(field->tag));
      }
      if (auto entered = enter(place, *child, *field, index); !entered) return entered;
    } else if (!is_dropped(place.kind, field->number)) {
      skeleton_ += file_.substr(field->tag, field->end - field->tag);
    }
  }
  if (!cursor.ok()) {
    return fail(ErrorKind::kInput,
                "it breaks off or makes no sense at byte " + std::to_string(cursor.position()));
  }
  return finish(place);
}

Result<void> Walk::enter(const Place& outer, const Child& child, const wire::Field& field,
                         std::uint32_t index) {
  if (outer.depth == kDeepest)
    return fail(ErrorKind::kInput, "it is nested more than 64 levels deep");
  if (model_.frames.size() == kMostFrames) return fail(ErrorKind::kInput, "it has too many parts");
  Place place{.kind = child.kind,
              .begin = field.begin,
              .end = field.end,
              .frame = static_cast<FrameId>(model_.frames.size()),
              .depth = outer.depth + 1};
  model_.frames.push_back(frame_around(field, outer.frame));
  name_place(place, outer, child, index);

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
    case Kind::kGraph:
      wire::append_bytes(skeleton_, f::graph::kDocString, std::to_string(place.frame));
      return {};
    case Kind::kNode:
      wire::append_bytes(skeleton_, f::node::kDocString, std::to_string(place.frame));
      return {};
    case Kind::kFunction:
      wire::append_bytes(skeleton_, f::function::kDocString, std::to_string(place.frame));
      return {};
    case Kind::kTensor:
      return finish_tensor(place);
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

// What tensors in `place` are called; see Tensor::name and Tensor::scope.
void Walk::name_place(Place& place, const Place& outer, const Child& child,
                      std::uint32_t index) const {
  std::string item;
  if (child.repeated) item.append("[").append(std::to_string(index)).append("]");
  place.scope = outer.scope;
  switch (place.kind) {
    case Kind::kTraining:
      place.name = "training" + item;
      break;
    case Kind::kFunction:
      place.scope = function_scope(place);
      break;
    case Kind::kGraph:
      if (outer.kind == Kind::kTraining) {
        const bool first = child.number == f::training::kInitialization;
        place.scope += outer.name + (first ? ".initialization/" : ".algorithm/");
      } else if (outer.kind == Kind::kAttribute) {
        place.scope += outer.name + item + "/";
      }
      break;
    case Kind::kNode:
      place.name = first_output(place);
      break;
    case Kind::kAttribute: {
      const std::string_view attribute = bytes_of(place, f::attribute::kName);
      place.name = outer.name;
      if (!is_constant_value(outer, attribute)) place.name += "." + std::string(attribute);
      break;
    }
    case Kind::kSparse:
    case Kind::kTensor:
      if (outer.name.empty()) break;  // in a graph: the tensor's own name
      place.name = outer.name + item;
      if (outer.kind == Kind::kSparse && child.number == f::sparse::kIndices) {
        place.name += ".indices";
      }
      break;
    case Kind::kModel:
    case Kind::kValueInfo:
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

bool Walk::is_constant_value(const Place& node, std::string_view attribute) const {
  if (node.kind != Kind::kNode || bytes_of(node, f::node::kOpType) != "Constant") return false;
  const std::string_view domain = bytes_of(node, f::node::kDomain);
  return (domain.empty() || domain == "ai.onnx") &&
         (attribute == "value" || attribute == "sparse_value");
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
