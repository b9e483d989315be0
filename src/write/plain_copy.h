// A plain model on disk, for as long as it takes to encrypt it.
#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>

#include "permcrypt/status.h"

namespace permcrypt {

// Removes what it wrote.
class PlainCopy {
 public:
  PlainCopy() = default;
  PlainCopy(const PlainCopy&) = delete;
  PlainCopy& operator=(const PlainCopy&) = delete;
  ~PlainCopy();

  // In a folder of its own inside `folder`, which nobody else can read. To be called once.
  // Errors: kOutput.
  Result<std::filesystem::path> write(const std::filesystem::path& folder,
                                      const onnx::ModelProto& model);

 private:
  std::filesystem::path folder_;
};

}  // namespace permcrypt
