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

}  // namespace permcrypt
