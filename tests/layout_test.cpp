// The rooms form a pipeline: each includes only rooms to its left, base/ and axis/.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

constexpr std::array kRooms = {"base", "axis", "read",  "infer", "lock",   "derive",
                               "plan", "apply", "write", "proof", "verify", "report"};

std::ptrdiff_t position(const std::string& room) {
  const auto it = std::find(kRooms.begin(), kRooms.end(), room);
  return it == kRooms.end() ? -1 : it - kRooms.begin();
}

// The rooms a file includes from: the first folder of each quoted include that is a room.
std::vector<std::string> included_rooms(const fs::path& file) {
  std::vector<std::string> out;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const std::string start = "#include \"";
    if (!line.starts_with(start)) continue;
    const std::string room = line.substr(start.size(), line.find('/') - start.size());
    if (position(room) >= 0) out.push_back(room);
  }
  return out;
}

TEST_CASE("a room includes only rooms to its left") {
  const fs::path src = fs::path(PERMCRYPT_SOURCE_DIR) / "src";
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(src)) {
    if (entry.path().extension() != ".cpp" && entry.path().extension() != ".h") continue;
    const std::string room = *fs::relative(entry.path(), src).begin();
    if (position(room) < 0) {
      const bool on_top = room == "cli" || room == "demo" || room == "main.cpp";
      CHECK_MESSAGE(on_top, room << " is no room");
      continue;
    }
    ++files;
    for (const std::string& other : included_rooms(entry.path())) {
      CHECK_MESSAGE(position(other) <= position(room), entry.path().filename().string()
                                                           << " in " << room << " includes " << other);
    }
  }
  CHECK(files > 50);
}

// Nothing of what made the encryption may be what proves it.
TEST_CASE("the proof includes no room but its own and base") {
  const fs::path room = fs::path(PERMCRYPT_SOURCE_DIR) / "src" / "proof";
  for (const auto& entry : fs::recursive_directory_iterator(room)) {
    if (!entry.is_regular_file()) continue;
    for (const std::string& other : included_rooms(entry.path())) {
      CHECK_MESSAGE((other == "proof" || other == "base"),
                    entry.path().filename().string() << " includes " << other);
    }
  }
}

TEST_CASE("public headers include no room") {
  const fs::path headers = fs::path(PERMCRYPT_SOURCE_DIR) / "include" / "permcrypt";
  for (const auto& entry : fs::directory_iterator(headers)) {
    CHECK_MESSAGE(included_rooms(entry.path()).empty(), entry.path().filename().string());
  }
}

}  // namespace
