#include "read/external_data.h"

#include <charconv>
#include <utility>

#include "base/quote.h"

namespace permcrypt {
namespace {

namespace fs = std::filesystem;

}  // namespace

Result<fs::path> inside_folder(std::string_view location) {
  const fs::path path = fs::path(location).lexically_normal();
  const bool ends_string = location.find('\0') != std::string_view::npos;
  if (location.empty() || ends_string || path.is_absolute() || *path.begin() == "..") {
    return fail(ErrorKind::kInput,
                "external data " + in_quotes(location) + " is not inside the model's folder",
                "only files in the folder of the model, or below it, are read");
  }
  return path;
}

Result<std::uint64_t> parse_external_number(std::string_view key, std::string_view text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, number);
  if (code != std::errc() || stop != end) {
    return fail(ErrorKind::kInput, "external data has the " + std::string(key) + " " +
                                       in_quotes(text) + ", which is not a number of bytes");
  }
  return number;
}

Result<ByteSpan> ExternalFiles::find(const ExternalReference& reference, std::uint64_t bytes) {
  const auto number = file_number(reference.location);
  if (!number) return fail(number.error());
  const ByteSpan span{*number, reference.offset.value_or(0), bytes};
  if (bytes == 0 && reference.length.value_or(0) == 0) return span;
  if (reference.length && *reference.length != bytes) {
    return fail(ErrorKind::kInput, "external data of " + std::to_string(*reference.length) +
                                       " bytes where type and shape need " + std::to_string(bytes));
  }
  const std::uint64_t size = files_[*number].size;
  if (span.offset > size || bytes > size - span.offset) {
    return fail(ErrorKind::kInput,
                "external data past the end of " + in_quotes(reference.location) + " (" +
                    std::to_string(bytes) + " bytes at " + std::to_string(span.offset) + " of " +
                    std::to_string(size) + ")",
                "is the file complete, and the one that belongs to this model?");
  }
  return span;
}

Result<std::uint32_t> ExternalFiles::file_number(const std::string& location) {
  const auto relative = inside_folder(location);
  if (!relative) return fail(relative.error());
  const auto number = static_cast<std::uint32_t>(files_.size());
  const auto [known, is_new] = numbers_.try_emplace(*relative, number);
  if (!is_new) return known->second;
  const auto file = MappedFile::open(files_.front().path.parent_path() / *relative);
  if (!file) {
    return fail(ErrorKind::kInput, "external data: " + file.error().message,
                "put the data files beside the model, under the names it gives them");
  }
  if (file->same_file(model_file_)) {
    return fail(ErrorKind::kInput, "external data in the model file itself");
  }
  files_.push_back({file->path(), location, file->size()});
  return number;
}

}  // namespace permcrypt
