#include "base/output_file.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <functional>
#include <string>

#include "base/hex.h"
#include "base/parallel.h"
#include "base/temp_folder.h"

using namespace permcrypt;
namespace fs = std::filesystem;
using test::read_all;
using test::TempFolder;

namespace {

// Writes one output as the tool does.
Result<void> write_output(const fs::path& path, std::string_view bytes, IfExists if_exists) {
  OutputSet outputs;
  const auto file = outputs.add(path, {.if_exists = if_exists});
  if (!file) return fail(file.error());
  if (auto written = outputs.write(*file, 0, bytes); !written) return written;
  return outputs.commit();
}

}  // namespace

TEST_CASE("outputs appear at commit, whole, and nothing else stays") {
  TempFolder folder;
  const fs::path data = folder.path() / "m.data", model = folder.path() / "m.onnx";
  {
    OutputSet outputs;
    const auto first = outputs.add(data, {});
    const auto second = outputs.add(model, {.mode = 0600});
    REQUIRE(first);
    REQUIRE(second);
    CHECK(outputs.write(*first, 3, "def"));
    CHECK(outputs.write(*first, 0, "abc"));
    CHECK(outputs.write(*second, 0, "model"));
    CHECK_FALSE(fs::exists(data));
    CHECK_FALSE(fs::exists(model));
    CHECK(outputs.commit());
  }
  CHECK(read_all(data) == "abcdef");
  CHECK(read_all(model) == "model");
  CHECK(fs::status(model).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(folder.entries() == 2);
}

TEST_CASE("without a commit nothing stays behind") {
  TempFolder folder;
  {
    OutputSet outputs;
    const auto file = outputs.add(folder.path() / "out", {});
    REQUIRE(file);
    CHECK(outputs.write(*file, 0, "half"));
    CHECK_FALSE(fs::exists(folder.path() / "out"));
  }
  CHECK(folder.entries() == 0);
}

TEST_CASE("many threads write one file") {
  TempFolder folder;
  const fs::path path = folder.path() / "out";
  OutputSet outputs;
  const auto file = outputs.add(path, {});
  REQUIRE(file);
  REQUIRE(outputs.reserve(*file, 26 * 1000));
  CHECK(parallel_for(26, 4, [&](std::size_t i) {
    return outputs.write(*file, i * 1000, std::string(1000, static_cast<char>('a' + i)));
  }));
  REQUIRE(outputs.commit());
  std::string expected;
  for (char c = 'a'; c <= 'z'; ++c) expected += std::string(1000, c);
  CHECK(read_all(path) == expected);
}

TEST_CASE("reserve sets the size, holes read as zeros") {
  TempFolder folder;
  OutputSet outputs;
  const auto file = outputs.add(folder.path() / "out", {});
  REQUIRE(outputs.reserve(*file, 5));
  REQUIRE(outputs.write(*file, 1, "x"));
  REQUIRE(outputs.commit());
  CHECK(read_all(folder.path() / "out") == std::string("\0x\0\0\0", 5));
}

TEST_CASE("an existing file is refused, replaced, or accepted when identical") {
  TempFolder folder;
  const fs::path path = folder.write("out", "old");

  const auto refused = write_output(path, "new", IfExists::kRefuse);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::kOutput);
  CHECK(refused.error().hint.find("--force") != std::string::npos);

  const auto different = write_output(path, "new", IfExists::kKeepIdentical);
  REQUIRE_FALSE(different);
  CHECK(different.error().kind == ErrorKind::kOutput);
  CHECK(read_all(path) == "old");

  CHECK(write_output(path, "old", IfExists::kKeepIdentical));
  CHECK(write_output(path, "new", IfExists::kReplace));
  CHECK(read_all(path) == "new");
  CHECK(folder.entries() == 1);
}

// As a kill between giving the new file a name and renaming it would leave it.
TEST_CASE("what a kill left of replacing a file is cleared away by the next") {
  TempFolder folder;
  const fs::path path = folder.write("out", "old");
  const std::uint64_t hash = std::hash<std::string>()("out");
  const std::string name =
      ".permcrypt-" + hex_encode({reinterpret_cast<const char*>(&hash), sizeof hash}) + ".tmp";
  folder.write(name, "left behind");
  CHECK(write_output(path, "new", IfExists::kReplace));
  CHECK(read_all(path) == "new");
  // Where files have temporary names from the start, that one is nobody's business.
  const bool nameless = ::open(folder.path().c_str(), O_TMPFILE | O_RDWR, 0600) >= 0;
  CHECK(fs::exists(folder.path() / name) != nameless);
}

TEST_CASE("a file that appears during the work is not replaced, and the set is withdrawn") {
  TempFolder folder;
  const fs::path data = folder.path() / "m.data", model = folder.path() / "m.onnx";
  {
    OutputSet outputs;
    REQUIRE(outputs.add(data, {}));
    REQUIRE(outputs.add(model, {}));
    folder.write("m.onnx", "somebody else's");
    const auto committed = outputs.commit();
    REQUIRE_FALSE(committed);
    CHECK(committed.error().kind == ErrorKind::kOutput);
  }
  CHECK(read_all(model) == "somebody else's");
  CHECK(folder.entries() == 1);
}

TEST_CASE("an input is never an output, under whatever name") {
  TempFolder folder;
  const fs::path input = folder.write("in", "x");
  fs::create_hard_link(input, folder.path() / "hard");
  fs::create_symlink(input, folder.path() / "soft");
  for (const char* name : {"in", "hard", "soft"}) {
    CAPTURE(name);
    OutputSet outputs({input});
    const auto added = outputs.add(folder.path() / name, {.if_exists = IfExists::kReplace});
    REQUIRE_FALSE(added);
    CHECK(added.error().kind == ErrorKind::kUsage);
  }
}

TEST_CASE("two outputs cannot have one name") {
  TempFolder folder;
  OutputSet outputs;
  REQUIRE(outputs.add(folder.path() / "out", {}));
  const auto again = outputs.add(folder.path() / "." / "out", {});
  REQUIRE_FALSE(again);
  CHECK(again.error().kind == ErrorKind::kUsage);
}

TEST_CASE("a folder or a device is never replaced") {
  TempFolder folder;
  fs::create_directory(folder.path() / "sub");
  const auto folder_result = write_output(folder.path() / "sub", "x", IfExists::kReplace);
  REQUIRE_FALSE(folder_result);
  CHECK(folder_result.error().kind == ErrorKind::kOutput);
  const auto device = write_output("/dev/null", "x", IfExists::kReplace);
  REQUIRE_FALSE(device);
  CHECK(device.error().kind == ErrorKind::kOutput);
  CHECK(fs::is_character_file("/dev/null"));
}

TEST_CASE("a key is never replaced") {
  TempFolder folder;
  for (const char* line : {"PERMCRYPT-SECRET-KEY-1QQQQ", "PERMCRYPT-SEALED-KEY-1QQQQ"}) {
    const auto key = folder.write("key", std::string("# created: today\n") + line + "\n");
    const auto result = write_output(key, "x", IfExists::kReplace);
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == ErrorKind::kOutput);
    CHECK(read_all(key).ends_with("QQQQ\n"));
  }
  CHECK(write_output(folder.write("text", "about PERMCRYPT keys"), "x", IfExists::kReplace));
}

TEST_CASE("an output in the way comes before a wrong result, and after everything else") {
  TempFolder folder;
  const auto taken = folder.write("taken", "x");
  const auto kind = [](ErrorKind failure, const fs::path& path) {
    return or_blocked_output({failure, "", ""}, path, {}).kind;
  };
  CHECK(kind(ErrorKind::kResult, taken) == ErrorKind::kOutput);
  CHECK(kind(ErrorKind::kKey, taken) == ErrorKind::kKey);
  CHECK(kind(ErrorKind::kResult, folder.path() / "free") == ErrorKind::kResult);
  CHECK_FALSE(fs::exists(folder.path() / "free"));
}

TEST_CASE("a folder that is missing, a file or read-only is an output error with a hint") {
  TempFolder folder;
  folder.write("file", "x");
  for (const char* name : {"missing/out", "file/out"}) {
    CAPTURE(name);
    const auto result = write_output(folder.path() / name, "x", IfExists::kRefuse);
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == ErrorKind::kOutput);
    CHECK(result.error().hint.find("folder") != std::string::npos);
  }
  if (::geteuid() != 0) {  // root may write anywhere
    fs::permissions(folder.path(), fs::perms::owner_read | fs::perms::owner_exec);
    const auto result = write_output(folder.path() / "out", "x", IfExists::kRefuse);
    fs::permissions(folder.path(), fs::perms::owner_all);
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == ErrorKind::kOutput);
  }
}

TEST_CASE("every errno value gives an output error that names the file and what to do") {
  for (int code : {ENOSPC, EDQUOT, EROFS, EACCES, EPERM, ENOENT, ENOTDIR, EFBIG, EIO}) {
    const Error error = output_error(code, "folder/out.onnx");
    CHECK(error.kind == ErrorKind::kOutput);
    CHECK(error.message.find("folder/out.onnx") != std::string::npos);
    CHECK_FALSE(error.hint.empty());
  }
  CHECK(output_error(ENOSPC, "x").hint.find("space") != std::string::npos);
}
