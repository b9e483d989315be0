// Files that appear whole or not at all.
//
// A set holds the files that one command writes. Each grows in its own folder without a name, or
// where the file system knows no such files (NFS), under a temporary one; commit() gives all of them
// their real names. Whatever goes wrong before that leaves nothing behind, and so does a kill where
// there was no name.
//
//   OutputSet outputs({model_path});
//   auto data = outputs.add(data_path, {});       // data files first,
//   auto model = outputs.add(out_path, {});       // the file that refers to them last
//   outputs.write(*data, 0, bytes); ...
//   outputs.commit();
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "permcrypt/status.h"

namespace permcrypt {

// What to do with a file that already has the output's name.
enum class IfExists : std::uint8_t {
  kRefuse,         // fail with kOutput, without a moment in which it could be replaced
  kReplace,        // --force
  kKeepIdentical,  // fine if it holds the same bytes, else like kRefuse
};

struct OutputOptions {
  IfExists if_exists = IfExists::kRefuse;
  unsigned mode = 0666;  // of the new file, less the umask; 0600 for secrets
};

class OutputSet {
 public:
  // `inputs`: files that the command reads; none of them can be an output.
  explicit OutputSet(std::vector<std::filesystem::path> inputs = {});
  ~OutputSet();  // removes what was not committed
  OutputSet(const OutputSet&) = delete;
  OutputSet& operator=(const OutputSet&) = delete;

  // Creates the file and returns its number, for write(). Errors: kUsage when `path` is
  // one of the inputs (also under another name) or was added before; kOutput when it exists and may
  // not, when it is a key (which is never replaced), or when its folder cannot be written.
  Result<std::size_t> add(const std::filesystem::path& path, const OutputOptions& options);

  // Asks for disk space before the work begins; the file then has `size` bytes. kOutput when the
  // disk is too full.
  Result<void> reserve(std::size_t file, std::uint64_t size);

  // Writes at any offset. May be called from many threads at once.
  Result<void> write(std::size_t file, std::uint64_t offset, std::string_view bytes);

  // Forces everything to disk and gives the files their names, in the order in which they were
  // added. When one cannot have its name, those that already have theirs are removed again, unless
  // they replaced an older file. REQUIRES: all writes have ended; called once.
  Result<void> commit();

 private:
  struct File {
    std::filesystem::path path;
    std::filesystem::path temporary;  // empty without a name, or with its real one
    OutputOptions options;
    int descriptor = -1;
    bool is_new = false;  // published, and there was no such file before
  };
  Result<void> check_name(const std::filesystem::path& path) const;
  Result<void> create_temporary(File& file);
  Result<void> publish(File& file);
  int replace(File& file);
  void withdraw();

  std::vector<std::filesystem::path> inputs_;
  std::vector<File> files_;
};

// What to report where an output may be in the way of a failure: `error`, unless it is a kResult and
// `path` could not be written either, which comes first.
Error or_blocked_output(Error error, const std::filesystem::path& path,
                        const OutputOptions& options);

// A failed system call on an output, as kOutput with a hint that fits the errno value `code`.
Error output_error(int code, const std::filesystem::path& path);

}  // namespace permcrypt
