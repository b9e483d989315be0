#include <algorithm>

#include "read/external_data.h"
#include "read/onnx_fields.h"
#include "write/graph_edits.h"

namespace permcrypt {
namespace {

// The file that a location names. A tensor whose elements cannot be moved has no payload to tell.
Result<std::uint32_t> file_of(const Model& model, std::string_view location) {
  const auto wanted = inside_folder(location);
  if (!wanted) return tl::unexpected(wanted.error());
  for (std::uint32_t i = 1; i < model.files.size(); ++i) {
    const auto path = inside_folder(model.files[i].location);
    if (path && *path == *wanted) return i;
  }
  return fail(ErrorKind::kDefect, "an external data file is missing from the list");
}

}  // namespace

Result<void> rename_data_files(const Model& model, std::string_view file,
                               const std::vector<std::string>& locations, MessageEdits& edits) {
  for (const Tensor& tensor : model.tensors) {
    if (!tensor.external) continue;
    const auto number =
        file_of(model, file.substr(tensor.location.offset, tensor.location.length));
    if (!number) return tl::unexpected(number.error());
    const auto fields =
        find_fields(model, file, tensor.location_entry, onnx_field::entry::kValue);
    if (!fields) return tl::unexpected(fields.error());
    edits.replace_content(fields->back(), locations.at(*number));
  }
  return {};
}

}  // namespace permcrypt
