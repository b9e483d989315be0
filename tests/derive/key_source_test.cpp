#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "derive/key_text.h"
#include "derive/sealed_key.h"
#include "permcrypt/key.h"

using namespace permcrypt;
namespace fs = std::filesystem;

namespace {

constexpr const char* kVariables[] = {"PERMCRYPT_KEY_FILE", "PERMCRYPT_KEY",
                                      "PERMCRYPT_KEY_CMD",  "PERMCRYPT_PASSPHRASE",
                                      "XDG_CONFIG_HOME",    "HOME"};

// An empty folder, with the environment's home in it, and no variable of permcrypt.
class Sandbox {
 public:
  Sandbox() {
    char name[] = "/tmp/permcrypt-test-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    folder_ = name;
    for (const char* variable : kVariables) {
      const char* value = std::getenv(variable);
      saved_.emplace_back(value == nullptr ? std::optional<std::string>() : value);
      unsetenv(variable);
    }
    set("HOME", (folder_ / "home").string());
  }

  ~Sandbox() {
    for (std::size_t i = 0; i < saved_.size(); ++i) {
      if (saved_[i])
        setenv(kVariables[i], saved_[i]->c_str(), 1);
      else
        unsetenv(kVariables[i]);
    }
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  static void set(const char* variable, const std::string& value) {
    setenv(variable, value.c_str(), 1);
  }

  fs::path write(const fs::path& name, const std::string& text) const {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  fs::path operator/(const char* name) const { return folder_ / name; }

 private:
  fs::path folder_;
  std::vector<std::optional<std::string>> saved_;
};

SecretKey key_of(char c) { return SecretKey::from_bytes(std::string(32, c)); }

std::string text_of(char c) { return "# a comment\n" + key_of(c).to_text() + "\n"; }

// The letter that the key found was made of.
char found(const KeyOptions& options = {}) {
  const auto key = find_key(options);
  if (!key) FAIL(key.error().message);
  return key->bytes()[0];
}

Error failure(const KeyOptions& options = {}) {
  const auto key = find_key(options);
  REQUIRE_FALSE(key);
  CHECK(key.error().kind == ErrorKind::kKey);
  return key.error();
}

std::string sealed_text(char c, const char* passphrase) {
  return seal_key(key_of(c), passphrase, {.passes = 1, .memory_kib = 8}).value() + "\n";
}

}  // namespace

TEST_CASE("key source: each source goes before those after it") {
  const Sandbox sandbox;
  CHECK(failure().message == "no key found");
  CHECK(failure().hint.find("permcrypt keygen") != std::string::npos);
  sandbox.write("home/.config/permcrypt/key", text_of('1'));
  CHECK(found() == '1');
  sandbox.write("xdg/permcrypt/key", text_of('2'));
  Sandbox::set("XDG_CONFIG_HOME", (sandbox / "xdg").string());
  CHECK(found() == '2');
  Sandbox::set("PERMCRYPT_KEY_CMD", "cat " + sandbox.write("for_command", text_of('3')).string());
  CHECK(found() == '3');
  Sandbox::set("PERMCRYPT_KEY", text_of('4'));
  CHECK(found() == '4');
  Sandbox::set("PERMCRYPT_KEY_FILE", sandbox.write("for_variable", text_of('5')).string());
  CHECK(found() == '5');
  KeyOptions options;
  options.file = sandbox.write("for_option", text_of('6'));
  CHECK(found(options) == '6');
}

TEST_CASE("key source: a source that fails does not give way to the next") {
  const Sandbox sandbox;
  sandbox.write("home/.config/permcrypt/key", text_of('1'));
  Sandbox::set("PERMCRYPT_KEY_FILE", (sandbox / "missing").string());
  CHECK(failure().message.find("missing") != std::string::npos);
  Sandbox::set("PERMCRYPT_KEY_FILE", "");  // as if unset
  CHECK(found() == '1');
}

TEST_CASE("key source: a relative XDG_CONFIG_HOME does not count") {
  const Sandbox sandbox;
  Sandbox::set("XDG_CONFIG_HOME", "relative");
  CHECK(default_key_path().value() == sandbox / "home/.config/permcrypt/key");
  Sandbox::set("XDG_CONFIG_HOME", (sandbox / "xdg").string());
  CHECK(default_key_path().value() == sandbox / "xdg/permcrypt/key");
}

TEST_CASE("key source: bad key files are named, and not quoted") {
  const Sandbox sandbox;
  const std::string line = key_of('k').to_text();
  std::string damaged = line;
  damaged.back() = damaged.back() == 'Q' ? 'P' : 'Q';
  KeyOptions options;
  for (const std::string& text :
       {damaged, line.substr(0, 40), line + "\n" + line, std::string(), std::string(100'000, '#'),
        std::string(1000, '\0'), std::string("{\"key\": \"" + line + "\"}")}) {
    options.file = sandbox.write("bad_key", text);
    const Error error = failure(options);
    CHECK(error.message.find("bad_key") != std::string::npos);
    CHECK((error.message + error.hint).find(line.substr(21, 16)) == std::string::npos);
  }
  options.file = sandbox / "home";
  fs::create_directory(*options.file);
  failure(options);
}

TEST_CASE("key source: a key in place of a file name is not repeated") {
  const Sandbox sandbox;
  KeyOptions options;
  options.file = key_of('k').to_text();
  const Error error = failure(options);
  CHECK((error.message + error.hint).find(key_of('k').to_text().substr(21, 16)) ==
        std::string::npos);
}

TEST_CASE("key source: a key command that fails, prints too much, or nothing") {
  const Sandbox sandbox;
  for (const char* command : {"exit 3", "true", "yes", "kill -9 $$", "no-such-command-at-all 2>&-",
                              "echo topsecret; exit 1"}) {
    CAPTURE(command);
    Sandbox::set("PERMCRYPT_KEY_CMD", command);
    const Error error = failure();
    CHECK(error.message.find("PERMCRYPT_KEY_CMD") == 0);
    CHECK(error.message.find("topsecret") == std::string::npos);
  }
}

TEST_CASE("key source: sealed keys open with the passphrase of a descriptor or the environment") {
  const Sandbox sandbox;
  KeyOptions options;
  options.file = sandbox.write("sealed", "# key id: x\n" + sealed_text('s', "open sesame"));
  Sandbox::set("PERMCRYPT_PASSPHRASE", "open sesame");
  CHECK(found(options) == 's');
  Sandbox::set("PERMCRYPT_PASSPHRASE", "wrong");
  CHECK(failure(options).message.find("wrong passphrase") != std::string::npos);

  for (const char* text : {"open sesame\nmore\n", "open sesame", "open sesame\r\n"}) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    REQUIRE(write(ends[1], text, std::string(text).size()) > 0);
    close(ends[1]);
    options.passphrase_fd = ends[0];
    CHECK(found(options) == 's');
    close(ends[0]);
  }
  options.passphrase_fd.reset();

  options.file.reset();
  Sandbox::set("PERMCRYPT_PASSPHRASE", "open sesame");
  Sandbox::set("PERMCRYPT_KEY", sealed_text('t', "open sesame"));
  CHECK(found(options) == 't');
}

TEST_CASE("keygen: what it writes is found and opened again") {
  const Sandbox sandbox;
  KeygenOptions options;
  const auto id = keygen(options);
  REQUIRE(id);
  CHECK(find_key({})->id() == *id);
  CHECK(keygen(options).error().kind == ErrorKind::kOutput);

  Sandbox::set("PERMCRYPT_PASSPHRASE", "x");
  options.out = sandbox / "sealed";
  options.passphrase = true;
  const auto sealed_id = keygen(options);
  REQUIRE(sealed_id);
  KeyOptions where;
  where.file = options.out;
  CHECK(find_key(where)->id() == *sealed_id);

  std::stringstream text;
  text << std::ifstream(*options.out).rdbuf();
  const auto info = inspect_key_text(text.str());
  REQUIRE(info);
  CHECK(info->sealed);
  CHECK(info->id == *sealed_id);
  CHECK(info->created.size() == 20);
}
