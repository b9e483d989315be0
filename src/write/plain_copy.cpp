#include "write/plain_copy.h"

#include <unistd.h>

#include <string>
#include <system_error>

#include "base/output_file.h"

namespace permcrypt {

namespace fs = std::filesystem;

PlainCopy::~PlainCopy() {
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

Result<fs::path> PlainCopy::write(const fs::path& folder, const onnx::ModelProto& model) {
  std::string name = (folder / ".split-XXXXXX").native();
  if (::mkdtemp(name.data()) == nullptr) return fail(output_error(errno, folder));
  folder_ = name;
  OutputSet outputs;
  const auto file = outputs.add(folder_ / "model.onnx", {.mode = 0600});
  if (!file) return fail(file.error());
  if (auto done = outputs.write(*file, 0, model.SerializeAsString()); !done) {
    return fail(done.error());
  }
  if (auto done = outputs.commit(); !done) return fail(done.error());
  return folder_ / "model.onnx";
}

}  // namespace permcrypt
