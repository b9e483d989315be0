#include <algorithm>
#include <system_error>
#include <utility>

#include "base/output_file.h"
#include "base/quote.h"
#include "permcrypt/apply.h"
#include "permcrypt/token.h"
#include "read/onnx_fields.h"
#include "write/encrypted_model.h"
#include "write/message_edits.h"
#include "write/output_names.h"

namespace permcrypt {
namespace {

namespace fs = std::filesystem;

constexpr int kFirstIrWithoutInputs = 4;  // before, each initializer is a graph input too

std::string little_endian(std::span<const std::int32_t> values) {
  std::string bytes;
  for (const std::int32_t value : values) {
    const auto bits = static_cast<std::uint32_t>(value);
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>(bits >> shift));
  }
  return bytes;
}

fs::path folder_of(const fs::path& file) { return fs::absolute(file).parent_path(); }

Result<void> check_folder(const Model& model, const fs::path& out) {
  std::error_code error;
  if (model.files.size() == 1 ||
      fs::equivalent(folder_of(out), folder_of(model.files[0].path), error)) {
    return {};
  }
  return fail(ErrorKind::kUsage, in_quotes(out.native()) + " is not in the folder of the model",
              "its weights lie in data files there, and unlock leaves them where they are");
}

Result<void> check_length(const EncryptedModel& encrypted, std::size_t length) {
  const auto& graph = encrypted.model.structure.graph();
  const auto& shape = graph.input(graph.input_size() - 1).type().tensor_type().shape();
  if (shape.dim_size() == 1 && shape.dim(0).dim_value() == static_cast<std::int64_t>(length)) {
    return {};
  }
  return fail(ErrorKind::kInput,
              "the token does not fit the model: it has " + std::to_string(length) + " entries",
              "make it anew with permcrypt token");
}

onnx::TensorProto external_vector(const std::string& name, std::size_t length,
                                  const std::string& location) {
  onnx::TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::INT32);
  tensor.add_dims(static_cast<std::int64_t>(length));
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  const std::pair<std::string, std::string> entries[] = {
      {"location", location}, {"offset", "0"}, {"length", std::to_string(4 * length)}};
  for (const auto& [key, value] : entries) {
    auto& entry = *tensor.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  }
  return tensor;
}

// The input gives way to an initializer of its name; so does the default that --decoy gave it.
Result<std::vector<Edit>> key_edits(const EncryptedModel& encrypted, std::string_view file,
                                    std::size_t length, const std::string& location) {
  const Model& model = encrypted.model;
  const auto& graph = model.structure.graph();
  const FrameId frame = frame_of(graph);
  MessageEdits edits(file, model.frames);
  if (model.structure.ir_version() >= kFirstIrWithoutInputs) {
    const auto inputs = find_fields(model, file, frame, onnx_field::graph::kInput);
    if (!inputs) return fail(inputs.error());
    edits.remove(inputs->back());
  }
  const auto initializers = find_fields(model, file, frame, onnx_field::graph::kInitializer);
  if (!initializers) return fail(initializers.error());
  for (int i = 0; i < graph.initializer_size(); ++i) {
    if (graph.initializer(i).name() == encrypted.key_input) edits.remove(initializers->at(i));
  }
  std::string added;
  wire::append_bytes(added, onnx_field::graph::kInitializer,
                     external_vector(encrypted.key_input, length, location).SerializeAsString());
  edits.append(frame, std::move(added));
  return edits.finish();
}

Result<void> write_copy(const UnlockRequest& request, const Model& model, std::vector<Edit> edits,
                        const std::vector<fs::path>& files, std::string_view key) {
  std::vector<fs::path> inputs = paths_of(model);
  inputs.push_back(request.token_file);
  OutputSet outputs(std::move(inputs));
  const IfExists if_exists = request.force ? IfExists::kReplace : IfExists::kRefuse;
  const auto key_file = outputs.add(files[1], {.if_exists = if_exists, .mode = 0600});
  if (!key_file) return fail(key_file.error());
  const auto copy = outputs.add(files[0], {.if_exists = if_exists});
  if (!copy) return fail(copy.error());
  if (auto done = outputs.write(*key_file, 0, key); !done) return done;
  CopyJob job;
  FileCopy unlocked;
  unlocked.input = model.files[0].path;
  unlocked.edits = std::move(edits);
  job.files.push_back(std::move(unlocked));
  CopyOptions options;
  options.threads = request.threads;
  const auto copied = copy_files(job, options, [&](std::size_t, std::uint64_t offset, auto bytes) {
    return outputs.write(*copy, offset, bytes);
  });
  if (!copied) return fail(copied.error());
  return outputs.commit();
}

}  // namespace

Result<std::vector<fs::path>> unlock(const UnlockRequest& request,
                                     std::span<const std::int32_t> token) {
  const fs::path out = request.out.value_or(beside_encrypted(request.model, ".unlocked.onnx"));
  if (auto done = check_distinct(request.model, out); !done) return fail(done.error());
  const auto encrypted = read_encrypted(request.model);
  if (!encrypted) return fail(encrypted.error());
  const Model& model = encrypted->model;
  if (encrypted->key_input.empty()) {
    return fail(ErrorKind::kState, in_quotes(request.model.native()) + " takes no token",
                "when data carries its key, the client graphs run before and after it");
  }
  if (auto done = check_folder(model, out); !done) return fail(done.error());
  if (auto done = check_length(*encrypted, token.size()); !done) return fail(done.error());
  const std::vector<fs::path> files{out, out.native() + ".key"};
  PayloadReader reader(model);
  const auto bytes = reader.bytes({0, 0, model.files[0].size});
  if (!bytes) return fail(bytes.error());
  auto edits = key_edits(*encrypted, *bytes, token.size(), files[1].filename().native());
  if (!edits) return fail(edits.error());
  auto done = write_copy(request, model, *std::move(edits), files, little_endian(token));
  if (!done) return fail(done.error());
  return files;
}

}  // namespace permcrypt
