#include <algorithm>

#include "base/checked.h"
#include "base/quote.h"
#include "read/onnx_fields.h"
#include "write/graph_edits.h"

namespace permcrypt {

Result<void> rename_data_files(const Model& model, std::string_view file,
                               const std::vector<std::string>& locations, MessageEdits& edits) {
  for (const Tensor& tensor : model.tensors) {
    if (!tensor.external) continue;
    const auto fields = find_fields(model, file, tensor.location_entry, onnx_field::entry::kValue);
    if (!fields) return fail(fields.error());
    edits.replace_content(fields->back(), locations.at(tensor.external_file));
  }
  return {};
}

Result<void> take_data_in(const Model& model, std::string_view file, PayloadReader& payloads,
                          std::uint64_t most, MessageEdits& edits) {
  namespace f = onnx_field::tensor;
  std::uint64_t total = file.size();  // many tensors may name the same bytes
  for (const Tensor& tensor : model.tensors) {
    if (!tensor.external) continue;
    std::string_view data;
    if (tensor.payload) {
      const auto sum = checked_add(total, tensor.payload->length);
      if (!sum || *sum > most) {
        return fail(ErrorKind::kInput, "the model and its data are too large for one file",
                    "a file holds less than 2 GiB");
      }
      total = *sum;
      const auto bytes = payloads.bytes(*tensor.payload);
      if (!bytes) return fail(bytes.error());
      data = *bytes;
    } else if (std::ranges::find(tensor.shape, 0) == tensor.shape.end()) {
      return fail(ErrorKind::kInput, "the data of " + in_quotes(tensor.name) + " is missing");
    }
    const auto places = find_fields(model, file, tensor.frame, f::kExternalData);
    if (!places) return fail(places.error());
    for (const FieldSpan& place : *places) edits.remove(place);
    std::string inside;
    wire::append_bytes(inside, f::kRawData, data);
    wire::append_tag(inside, f::kDataLocation, wire::Type::kVarint);  // of two, the last counts
    wire::append_varint(inside, onnx::TensorProto::DEFAULT);
    edits.append(tensor.frame, std::move(inside));
  }
  return {};
}

}  // namespace permcrypt
