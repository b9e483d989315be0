// read_model: finds the file, walks it, parses the skeleton and checks that it is a model at all.
#include <algorithm>
#include <climits>
#include <cstdint>
#include <new>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/mapped_file.h"
#include "base/quote.h"
#include "permcrypt/model.h"
#include "read/external_data.h"
#include "read/model_walk.h"

namespace permcrypt {
namespace {

namespace fs = std::filesystem;

// Protobuf counts bytes in int, so no ONNX reader takes a larger file.
constexpr std::uint64_t kLargestModelFile = INT_MAX;
// From this IR version on a model has to say which operator sets it uses.
constexpr std::int64_t kFirstIrWithOpsets = 3;

Result<fs::path> model_path(const fs::path& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  if (error) {
    return fail(ErrorKind::kInput,
                "cannot find " + in_quotes(path.native()) + ": " + error.message());
  }
  if (!fs::is_directory(absolute, error)) return absolute;
  if (fs::exists(absolute / "model.onnx", error)) return absolute / "model.onnx";
  return fail(ErrorKind::kInput, in_quotes(path.native()) + " holds no model.onnx",
              "name the .onnx file itself");
}

tl::unexpected<Error> unreadable(const fs::path& path, const std::string& why) {
  return fail(ErrorKind::kInput, in_quotes(path.native()) + " is not a readable ONNX file: " + why,
              "is the file complete? onnx.checker.check_model says more");
}

std::string_view domain_name(const std::string& domain) {
  return domain == "ai.onnx" ? std::string_view() : domain;
}

// A domain that a node in the graph or below uses without an import; nothing when there is none.
// Recursion is bounded by the walk.
std::optional<std::string_view> missing_domain(const onnx::GraphProto& graph,
                                               const std::set<std::string_view>& imports) {
  for (const onnx::NodeProto& node : graph.node()) {
    if (!imports.contains(domain_name(node.domain()))) return node.domain();
    for (const onnx::AttributeProto& attribute : node.attribute()) {
      if (attribute.has_g()) {
        if (const auto missing = missing_domain(attribute.g(), imports)) return missing;
      }
      for (const onnx::GraphProto& inner : attribute.graphs()) {
        if (const auto missing = missing_domain(inner, imports)) return missing;
      }
    }
  }
  return std::nullopt;
}

// Refuses bytes that parse by chance, and models that were cut off between two fields.
Result<void> check_is_model(const fs::path& path, const onnx::ModelProto& model) {
  if (!model.has_graph()) return unreadable(path, "it has no graph");
  if (model.ir_version() <= 0) return unreadable(path, "it has no IR version");
  if (model.ir_version() >= kFirstIrWithOpsets && model.opset_import_size() == 0) {
    return unreadable(path, "it imports no operator set");
  }
  if (model.opset_import_size() == 0) return {};
  std::set<std::string_view> imports;
  for (const auto& import : model.opset_import()) imports.insert(domain_name(import.domain()));
  if (const auto missing = missing_domain(model.graph(), imports)) {
    return unreadable(
        path, "it has a node of the domain " + in_quotes(*missing) + ", which it does not import");
  }
  return {};
}

// Finds tensors whose payloads in data files overlap.
void mark_shared(std::vector<Tensor>& tensors) {
  std::vector<Tensor*> external;
  for (Tensor& tensor : tensors) {
    if (tensor.external && tensor.payload) external.push_back(&tensor);
  }
  std::ranges::sort(external, {}, [](const Tensor* tensor) {
    return std::pair(tensor->payload->file, tensor->payload->offset);
  });
  const auto end = [](const ByteSpan& span) { return span.offset + span.length; };
  Tensor* farthest = nullptr;  // of those in one file
  for (Tensor* next : external) {
    const bool same_file = farthest && farthest->payload->file == next->payload->file;
    if (same_file && next->payload->offset < end(*farthest->payload)) {
      next->shared = farthest->shared = true;
      if (end(*next->payload) <= end(*farthest->payload)) continue;
    }
    farthest = next;
  }
}

Result<Model> read_mapped(const MappedFile& file) {
  const fs::path& path = file.path();
  if (file.size() == 0) return unreadable(path, "it is empty");
  if (file.size() > kLargestModelFile) {
    return fail(ErrorKind::kInput, in_quotes(path.native()) + " is larger than 2 GiB",
                "save it with external data: onnx.save(..., save_as_external_data=True)");
  }
  Model model;
  model.files.push_back({path, "", file.size()});
  ExternalFiles external(file, model.files);
  const auto skeleton = walk_model(file.bytes(), model, external);
  if (!skeleton) {
    Error error = skeleton.error();
    if (error.hint.empty()) return unreadable(path, error.message);
    error.message = in_quotes(path.native()) + ": " + error.message;
    return fail(std::move(error));
  }
  model.tensors.shrink_to_fit();
  model.frames.shrink_to_fit();
  if (skeleton->size() > kLargestModelFile ||
      !model.structure.ParseFromArray(skeleton->data(), static_cast<int>(skeleton->size()))) {
    return unreadable(path, "its structure is not that of an ONNX model");
  }
  mark_shared(model.tensors);
  if (auto checked = check_is_model(path, model.structure); !checked) {
    return fail(std::move(checked.error()));
  }
  return model;
}

}  // namespace

Result<Model> read_model(const fs::path& path) {
  try {
    auto found = model_path(path);
    if (!found) return fail(std::move(found.error()));
    const auto file = MappedFile::open(*found);
    if (!file) return fail(file.error());
    return read_mapped(*file);
  } catch (const std::bad_alloc&) {
    return fail(ErrorKind::kInput, in_quotes(path.native()) + " does not fit into memory");
  }
}

}  // namespace permcrypt
