#include "base/output_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "base/hex.h"
#include "base/mapped_file.h"
#include "base/quote.h"
#include "base/writable_file.h"

namespace permcrypt {
namespace {

namespace fs = std::filesystem;

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// A small file with what every key file holds, secret or sealed.
bool holds_key(const fs::path& path) {
  constexpr std::size_t kLargestKeyFile = 64 << 10;
  const auto file = MappedFile::open(path);
  if (!file || file->size() > kLargestKeyFile) return false;
  return file->bytes().find("PERMCRYPT-SECRET-KEY-1") != std::string_view::npos ||
         file->bytes().find("PERMCRYPT-SEALED-KEY-1") != std::string_view::npos;
}

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

tl::unexpected<Error> output_failure(int code, const fs::path& path) {
  return fail(output_error(code, path));
}

tl::unexpected<Error> already_exists(const fs::path& path) {
  return fail(ErrorKind::kOutput, in_quotes(path.native()) + " already exists",
              "choose another name with -o, or replace it with --force");
}

fs::path temporary_name(const fs::path& folder) {
  std::random_device random;
  const std::uint32_t words[] = {random(), random(), random()};
  return folder / (".permcrypt-" +
                   hex_encode({reinterpret_cast<const char*>(words), sizeof words}) + ".tmp");
}

fs::path name_for_replacing(const fs::path& path) {
  const std::uint64_t hash = std::hash<std::string>()(path.filename().native());
  return folder_of(path) /
         (".permcrypt-" + hex_encode({reinterpret_cast<const char*>(&hash), sizeof hash}) + ".tmp");
}

// Renames without ever replacing; 0 or an errno value, EEXIST when the name is taken.
int rename_new(const fs::path& from, const fs::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // The file system cannot do that in one step; a hard link never replaces either.
  if (::link(from.c_str(), to.c_str()) != 0) return errno;
  ::unlink(from.c_str());
  return 0;
}

// A file without a name goes by this one; it can be opened and linked.
fs::path link_of(int descriptor) { return "/proc/self/fd/" + std::to_string(descriptor); }

// A new file that no name leads to, so that nothing is left of it when the process is killed; -1
// where the file system or the lack of a /proc does not allow it.
int open_nameless(const fs::path& folder, unsigned mode) {
  const int descriptor = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
  if (descriptor < 0 || ::access(link_of(descriptor).c_str(), F_OK) == 0) return descriptor;
  ::close(descriptor);
  return -1;
}

// 0 or an errno value, EEXIST when the name is taken.
int link_nameless(int descriptor, const fs::path& to) {
  const fs::path from = link_of(descriptor);
  return ::linkat(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
}

bool identical(const fs::path& a, const fs::path& b) {
  auto left = MappedFile::open(a), right = MappedFile::open(b);
  return left && right && left->bytes() == right->bytes();
}

// Where fallocate() would make page after page on one thread, for half of what a copy takes.
bool is_in_memory(int descriptor) {
  struct statfs status;
  return ::fstatfs(descriptor, &status) == 0 && status.f_type == TMPFS_MAGIC;
}

bool has_room(int descriptor, std::uint64_t size) {
  struct statfs status;
  if (::fstatfs(descriptor, &status) != 0 || status.f_blocks == 0) return true;  // 0: no limit
  return size / static_cast<std::uint64_t>(status.f_bsize) <= status.f_bavail;
}

Result<void> sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return {};  // writable but not readable: names reach the disk a little later
  const int code = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  if (code != 0 && code != EINVAL && code != ENOTSUP) return output_failure(code, folder);
  return {};
}

}  // namespace

Error output_error(int code, const fs::path& path) {
  std::string hint = "choose another place with -o";
  switch (code) {
    case ENOSPC:
    case EDQUOT:
      hint = "free some space, or choose another disk with -o";
      break;
    case ENOENT:
    case ENOTDIR:
      return {ErrorKind::kOutput,
              "cannot write " + in_quotes(path.native()) + ": there is no folder " +
                  in_quotes(folder_of(path).native()),
              "create the folder first, or choose another with -o"};
    case EFBIG:
      hint = "the file system or a limit (ulimit -f) forbids files of this size";
      break;
    default:
      break;
  }
  return {ErrorKind::kOutput,
          "cannot write " + in_quotes(path.native()) + ": " + std::strerror(code), std::move(hint)};
}

Error or_blocked_output(Error error, const fs::path& path, const OutputOptions& options) {
  if (error.kind != ErrorKind::kResult) return error;
  OutputSet outputs;
  auto added = outputs.add(path, options);
  return added ? error : std::move(added.error());
}

OutputSet::OutputSet(std::vector<fs::path> inputs) : inputs_(std::move(inputs)) {}

OutputSet::~OutputSet() {
  for (File& file : files_) {
    if (file.descriptor >= 0) ::close(file.descriptor);
    if (!file.temporary.empty()) ::unlink(file.temporary.c_str());
  }
}

Result<std::size_t> OutputSet::add(const fs::path& path, const OutputOptions& options) {
  File file{.path = path, .temporary = {}, .options = options};
  if (auto fit = check_name(path); !fit) return fail(std::move(fit.error()));
  struct stat target;
  if (::lstat(path.c_str(), &target) == 0) {
    if (!S_ISREG(target.st_mode) && !S_ISLNK(target.st_mode)) {
      return fail(ErrorKind::kOutput, in_quotes(path.native()) + " exists and is not a file",
                  "choose another name with -o");
    }
    if (options.if_exists == IfExists::kRefuse) return already_exists(path);
    if (options.if_exists == IfExists::kReplace && holds_key(path)) {
      return fail(ErrorKind::kOutput, in_quotes(path.native()) + " is a key, which is never replaced",
                  "choose another name with -o");
    }
  } else if (errno != ENOENT) {
    return output_failure(errno, path);
  }
  if (auto created = create_temporary(file); !created) {
    return fail(std::move(created.error()));
  }
  files_.push_back(std::move(file));
  return files_.size() - 1;
}

Result<void> OutputSet::check_name(const fs::path& path) const {
  struct stat target, status;
  const bool exists = ::stat(path.c_str(), &target) == 0;
  for (const fs::path& input : inputs_) {
    if (exists && ::stat(input.c_str(), &status) == 0 && same_file(status, target)) {
      return fail(ErrorKind::kUsage, "the output " + in_quotes(path.native()) + " is an input",
                  "choose another name with -o");
    }
  }
  for (const File& file : files_) {
    if (fs::absolute(file.path).lexically_normal() == fs::absolute(path).lexically_normal()) {
      return fail(ErrorKind::kUsage, in_quotes(path.native()) + " is named for two outputs",
                  "choose another name with -o");
    }
  }
  return {};
}

Result<void> OutputSet::create_temporary(File& file) {
  file.descriptor = open_nameless(folder_of(file.path), file.options.mode);
  while (file.descriptor < 0) {
    file.temporary = temporary_name(folder_of(file.path));
    file.descriptor = ::open(file.temporary.c_str(),
                             O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, file.options.mode);
    if (file.descriptor < 0 && errno != EEXIST) {
      const int code = errno;
      file.temporary.clear();
      return output_failure(code, file.path);
    }
  }
  return {};
}

Result<void> OutputSet::reserve(std::size_t file, std::uint64_t size) {
  const File& output = files_[file];
  if (size == 0) return {};
  const auto length = static_cast<off_t>(size);
  if (length < 0) return output_failure(EFBIG, output.path);
  if (is_in_memory(output.descriptor)) {
    if (!has_room(output.descriptor, size)) return output_failure(ENOSPC, output.path);
  } else if (::fallocate(output.descriptor, 0, 0, length) == 0) {
    return {};
  } else if (errno != EOPNOTSUPP && errno != ENOSYS) {
    return output_failure(errno, output.path);
  }
  if (::ftruncate(output.descriptor, length) != 0) return output_failure(errno, output.path);
  return {};
}

Result<void> OutputSet::write(std::size_t file, std::uint64_t offset, std::string_view bytes) {
  const File& output = files_[file];
  return write_at(output.descriptor, output.path, offset, bytes);
}

Result<void> OutputSet::commit() {
  for (const File& file : files_) {
    if (::fsync(file.descriptor) != 0 && errno != EINVAL) return output_failure(errno, file.path);
  }
  for (File& file : files_) {
    if (auto published = publish(file); !published) {
      withdraw();
      return published;
    }
  }
  std::set<fs::path> folders;
  for (const File& file : files_) folders.insert(folder_of(file.path));
  for (const fs::path& folder : folders) {
    if (auto synced = sync_folder(folder); !synced) return synced;
  }
  return {};
}

Result<void> OutputSet::publish(File& file) {
  const bool nameless = file.temporary.empty();
  int code =
      nameless ? link_nameless(file.descriptor, file.path) : rename_new(file.temporary, file.path);
  if (code == 0) {
    file.is_new = true;
    file.temporary.clear();
    return {};
  }
  if (code == EEXIST && file.options.if_exists == IfExists::kReplace) code = replace(file);
  if (code == 0) return {};
  if (code != EEXIST) return output_failure(code, file.path);
  if (file.options.if_exists == IfExists::kKeepIdentical &&
      identical(nameless ? link_of(file.descriptor) : file.temporary, file.path)) {
    return {};  // the destructor removes the temporary
  }
  return already_exists(file.path);
}

// Only a file with a name can take another's place. Between the two calls a kill leaves that name
// behind: it is always the same, so that the next one to replace this file clears it away. 0 or an
// errno value, but not EEXIST.
int OutputSet::replace(File& file) {
  if (file.temporary.empty()) {
    const fs::path name = name_for_replacing(file.path);
    ::unlink(name.c_str());
    const int code = link_nameless(file.descriptor, name);
    if (code != 0) return code == EEXIST ? EBUSY : code;  // somebody else is replacing it
    file.temporary = name;
  }
  if (::rename(file.temporary.c_str(), file.path.c_str()) != 0) return errno;
  file.temporary.clear();
  return 0;
}

void OutputSet::withdraw() {
  for (const File& file : files_) {
    if (file.is_new) ::unlink(file.path.c_str());
  }
}

}  // namespace permcrypt
