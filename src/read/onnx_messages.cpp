#include "read/onnx_messages.h"

#include <algorithm>
#include <iterator>

namespace permcrypt {
namespace {

namespace f = onnx_field;
using enum MessageKind;

constexpr ChildMessage kChildren[] = {
    {kModel, f::model::kGraph, kGraph, false},
    {kModel, f::model::kTraining, kTraining, true},
    {kModel, f::model::kFunction, kFunction, true},
    {kTraining, f::training::kInitialization, kGraph, false},
    {kTraining, f::training::kAlgorithm, kGraph, false},
    {kFunction, f::function::kNode, kNode, true},
    {kFunction, f::function::kAttribute, kAttribute, true},
    {kFunction, f::function::kValueInfo, kValueInfo, true},
    {kGraph, f::graph::kNode, kNode, true},
    {kGraph, f::graph::kInitializer, kTensor, true},
    {kGraph, f::graph::kSparseInitializer, kSparse, true},
    {kGraph, f::graph::kInput, kValueInfo, true},
    {kGraph, f::graph::kOutput, kValueInfo, true},
    {kGraph, f::graph::kValueInfo, kValueInfo, true},
    {kNode, f::node::kAttribute, kAttribute, true},
    {kAttribute, f::attribute::kTensor, kTensor, false},
    {kAttribute, f::attribute::kTensors, kTensor, true},
    {kAttribute, f::attribute::kGraph, kGraph, false},
    {kAttribute, f::attribute::kGraphs, kGraph, true},
    {kAttribute, f::attribute::kSparseTensor, kSparse, false},
    {kAttribute, f::attribute::kSparseTensors, kSparse, true},
    {kSparse, f::sparse::kValues, kTensor, false},
    {kSparse, f::sparse::kIndices, kTensor, false},
};
static_assert(std::all_of(std::begin(kChildren), std::end(kChildren),
                          [](const ChildMessage& child) { return child.number < kChildNumbers; }));

struct LeftOut {
  MessageKind of;
  f::Number number;
};

constexpr LeftOut kLeftOut[] = {
    {kFunction, f::function::kDocString},   {kFunction, f::function::kMetadata},
    {kGraph, f::graph::kDocString},         {kGraph, f::graph::kMetadata},
    {kNode, f::node::kDocString},           {kNode, f::node::kMetadata},
    {kValueInfo, f::value_info::kMetadata}, {kTensor, f::tensor::kFloatData},
    {kTensor, f::tensor::kInt32Data},       {kTensor, f::tensor::kStringData},
    {kTensor, f::tensor::kInt64Data},       {kTensor, f::tensor::kRawData},
    {kTensor, f::tensor::kDoubleData},      {kTensor, f::tensor::kUint64Data},
    {kTensor, f::tensor::kExternalData},    {kTensor, f::tensor::kDataLocation},
    {kTensor, f::tensor::kMetadata},
};

}  // namespace

const ChildMessage* child_message(MessageKind of, f::Number number) {
  const auto found = std::find_if(std::begin(kChildren), std::end(kChildren), [=](const auto& row) {
    return row.of == of && row.number == number;
  });
  return found == std::end(kChildren) ? nullptr : found;
}

bool is_left_out(MessageKind of, f::Number number) {
  return std::any_of(std::begin(kLeftOut), std::end(kLeftOut),
                     [=](const auto& row) { return row.of == of && row.number == number; });
}

}  // namespace permcrypt
