// External data: tensors whose bytes lie in files beside the model, as (location, offset, length).
//
// Locations are hostile input. They are read relative to the model's folder and must stay inside it
// lexically: no absolute path, no ".." that climbs out. What is checked is also what is opened, so
// "a/../b" is "b" even where "a" is a symbolic link. Links themselves are followed, because model
// hubs store files that way.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapped_file.h"
#include "permcrypt/model.h"
#include "permcrypt/status.h"

namespace permcrypt {

// TensorProto.external_data as written. Keys other than these three are of no use here.
struct ExternalReference {
  std::string location;
  std::optional<std::uint64_t> offset;  // absent: 0
  std::optional<std::uint64_t> length;  // absent: the tensor's size
};

// The location as a path relative to the model's folder, normalised; kInput when it leaves it.
Result<std::filesystem::path> inside_folder(std::string_view location);

// A decimal number of an external data entry; kInput for anything else, signs and spaces included.
Result<std::uint64_t> parse_external_number(std::string_view key, std::string_view text);

// The external data files of one model, numbered in order of first use.
class ExternalFiles {
 public:
  // `model_file` is files[0]; found files are appended to `files`. Both outlive this.
  ExternalFiles(const MappedFile& model_file, std::vector<ModelFile>& files)
      : model_file_(model_file), files_(files) {}

  // Where the `bytes` bytes of a tensor lie. A tensor of no bytes still names its file. Errors
  // (kInput): the file is missing, outside the folder or the model itself; the length is not
  // `bytes`; the range is past the end.
  Result<ByteSpan> find(const ExternalReference& reference, std::uint64_t bytes);

 private:
  Result<std::uint32_t> file_number(const std::string& location);

  const MappedFile& model_file_;
  std::vector<ModelFile>& files_;
  std::map<std::filesystem::path, std::uint32_t> numbers_;  // by normalised location
};

}  // namespace permcrypt
