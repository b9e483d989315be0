#include "verify/token_file.h"

#include <onnx/onnx_pb.h>

#include <string>
#include <utility>

#include "base/mapped_file.h"
#include "base/quote.h"
#include "verify/npz.h"

namespace permcrypt {

namespace {

std::string stem_of(const std::filesystem::path& token) {
  const std::string name = token.native();
  for (const std::string_view ending : {".npz", ".in.onnx", ".out.onnx"}) {
    if (name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
  }
  return name;
}

}  // namespace

Result<TensorData> read_token(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  if (!file) return fail(file.error());
  Result<std::vector<TensorData>> tensors = decode_npz(file->bytes());
  if (!tensors || tensors->size() != 1 || tensors->front().name != kKeyInput ||
      tensors->front().type != onnx::TensorProto::INT32 || tensors->front().shape.size() != 1) {
    return fail(ErrorKind::kInput, in_quotes(path.native()) + " is not a token",
                "the owner of the key makes one with: permcrypt token");
  }
  return std::move(tensors->front());
}

ClientGraphPaths client_graph_paths(const std::filesystem::path& token) {
  const std::string stem = stem_of(token);
  return {stem + ".in.onnx", stem + ".out.onnx"};
}

Result<std::vector<std::filesystem::path>> write_token(const std::filesystem::path& path,
                                                       const Token& token, IfExists if_exists,
                                                       std::vector<std::filesystem::path> inputs) {
  std::vector<std::pair<std::filesystem::path, std::string>> files;
  if (token.vector) {
    const TensorData array{std::string(kKeyInput),
                           onnx::TensorProto::INT32,
                           {static_cast<std::int64_t>(token.vector->size())},
                           std::string(reinterpret_cast<const char*>(token.vector->data()),
                                       token.vector->size() * sizeof(std::int32_t))};
    auto npz = encode_npz({&array, 1});
    if (!npz) return fail(npz.error());
    files.emplace_back(path, *std::move(npz));
  }
  if (token.graphs) {
    const ClientGraphPaths graphs = client_graph_paths(path);
    files.emplace_back(graphs.in, token.graphs->in);
    files.emplace_back(graphs.out, token.graphs->out);
  }
  if (token.tokenizer) files.emplace_back(stem_of(path) + ".tokenizer.json", *token.tokenizer);
  OutputSet outputs(std::move(inputs));
  std::vector<std::filesystem::path> written;
  for (const auto& [name, bytes] : files) {
    const auto file = outputs.add(name, {.if_exists = if_exists, .mode = 0600});
    if (!file) return fail(file.error());
    if (auto done = outputs.write(*file, 0, bytes); !done) return fail(done.error());
    written.push_back(name);
  }
  if (auto done = outputs.commit(); !done) return fail(done.error());
  return written;
}

}  // namespace permcrypt
