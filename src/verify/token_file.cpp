#include "verify/token_file.h"

#include <onnx/onnx_pb.h>

#include <string>
#include <utility>

#include "base/mapped_file.h"
#include "base/quote.h"
#include "verify/data_files.h"
#include "verify/npz.h"

namespace permcrypt {

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

Result<void> write_token(const std::filesystem::path& path, std::span<const std::int32_t> vector,
                         IfExists if_exists, std::vector<std::filesystem::path> inputs) {
  const DataSet token{DataLayout::kNpz,
                      {{TensorData{std::string(kKeyInput),
                                   onnx::TensorProto::INT32,
                                   {static_cast<std::int64_t>(vector.size())},
                                   std::string(reinterpret_cast<const char*>(vector.data()),
                                               vector.size_bytes())}}}};
  return write_data(path, token, {.if_exists = if_exists, .mode = 0600}, std::move(inputs));
}

}  // namespace permcrypt
