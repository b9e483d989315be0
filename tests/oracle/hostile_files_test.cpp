// Whatever a file holds, or has become of it on its way: each command says what is wrong with it,
// and no more.
//
// PERMCRYPT_HOSTILE_FILES=FIRST-LAST tries other damage; PERMCRYPT_ZOO adds its models.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/temp_folder.h"
#include "oracle/mutation.h"
#include "oracle/nonsense.h"
#include "oracle/random_graph.h"
#include "permcrypt/decrypt.h"
#include "permcrypt/encrypt.h"
#include "permcrypt/report.h"
#include "permcrypt/token.h"
#include "permcrypt/verify.h"
#include "read/sample_models.h"
#include "write/encrypted_model.h"

using namespace permcrypt;
using namespace permcrypt::testing;

namespace {

namespace fs = std::filesystem;

std::string in_words(ErrorKind kind) {
  return "exit code " + std::to_string(static_cast<int>(kind));
}

// A model, and its encrypted form, if there is one.
struct Specimen {
  std::string plain, encrypted;
};

class Laboratory {
 public:
  Laboratory() {
    folder_.write("key",
                  SecretKey::from_bytes(std::string(SecretKey::kSize, 'h')).to_text() + "\n");
    for (const char* name : {"sklearn-scaler-logreg", "layernorm-functions-nested",
                             "gpt2-decoder-merged", "bert-typed-data-fields"}) {
      add(test::read_all(test::sample_model(name)));
    }
    for (std::uint32_t seed = 1; seed <= 40; ++seed) {
      add(random_graph(seed).model.SerializeAsString());
    }
    add_zoo();
  }

  // Damages a specimen as the number says, or writes nonsense, and shows it to each command.
  void examine(std::uint32_t number) {
    std::mt19937 random(number);
    if (number % 3 == 0) {
      write("m.onnx", nonsense_model(random));
      check("encrypt", encrypt_dry());
      check("inspect", inspect());
      return;
    }
    const Specimen& specimen = specimens_[random() % specimens_.size()];
    const bool plain = specimen.encrypted.empty() || random() % 2 == 0;
    const std::string& bytes = plain ? specimen.plain : specimen.encrypted;
    write("m.onnx", random() % 2 == 0 ? with_changed_bytes(bytes, random)
                                      : with_changed_fields(bytes, random));
    check("encrypt", encrypt_dry());
    check("inspect", inspect());
    check("token", make_token(path("m.onnx"), key()));
    check("decrypt", decrypt_to("back.onnx"));
    fs::remove(path("back.onnx"));
    if (plain) return;
    write("original.onnx", specimen.plain);
    VerifyRequest request;
    request.encrypted = path("m.onnx");
    request.key = key();
    check("verify", verify(request));
  }

  // How often a command ended how.
  const std::map<std::string, int>& answers() const { return answers_; }

 private:
  void add(std::string plain) {
    Specimen specimen{std::move(plain), ""};
    write("m.onnx", specimen.plain);
    EncryptRequest request;
    request.model = path("m.onnx");
    request.key = key();
    request.force = true;
    request.threads = 1;
    if (const auto done = encrypt(request); done && done->files.size() == 1) {
      specimen.encrypted = test::read_all(done->files[0]);
    }
    specimens_.push_back(std::move(specimen));
  }

  // The smaller models of the collection that need no other file.
  void add_zoo() {
    const char* zoo = std::getenv("PERMCRYPT_ZOO");
    if (!zoo) return;
    constexpr std::uintmax_t kLargest = 400'000;
    for (const auto& entry : fs::directory_iterator(zoo)) {
      const fs::path model = entry.path() / "model.onnx";
      if (!fs::exists(model) || fs::file_size(model) > kLargest) continue;
      const auto read = read_model(model);
      if (read && read->files.size() == 1) add(test::read_all(model));
    }
  }

  Result<EncryptReport> encrypt_dry() {
    EncryptRequest request;
    request.model = path("m.onnx");
    request.dry_run = true;
    auto report = encrypt(request);
    if (report) summary_text(report_analysis(report->analysis));
    return report;
  }

  Result<std::string> inspect() {
    auto model = read_model(path("m.onnx"));
    if (!model) return fail(model.error());
    if (!has_manifest(*model)) {
      auto analysis = analyse_without_locks(*std::move(model), {});
      if (!analysis) return fail(analysis.error());
      return report_json(report_analysis(*analysis), "m.onnx", "model");
    }
    const auto encrypted = as_encrypted(*std::move(model));
    if (!encrypted) return fail(encrypted.error());
    const auto secret = find_key(key());
    if (!secret) return fail(secret.error());
    const auto opened = open_with(*secret, *encrypted);
    if (!opened) return inspect_text(report_structure(encrypted->model));
    return inspect_text(report_encrypted(encrypted->model, opened->sealed.plan));
  }

  Result<DecryptReport> decrypt_to(const char* name) {
    DecryptRequest request;
    request.model = path("m.onnx");
    request.out = path(name);
    request.key = key();
    request.threads = 1;
    return decrypt(request);
  }

  template <class T>
  void check(const char* command, const Result<T>& result) {
    ++answers_[result ? "done" : in_words(result.error().kind)];
    if (result) return;
    CAPTURE(command);
    CHECK_MESSAGE(result.error().kind != ErrorKind::kDefect, result.error().message);
    CHECK(result.error().message.find('\n') == std::string::npos);
  }

  KeyOptions key() const { return {path("key"), std::nullopt}; }
  fs::path path(const char* name) const { return folder_.path() / name; }
  void write(const char* name, const std::string& bytes) { folder_.write(name, bytes); }

  test::TempFolder folder_;
  std::vector<Specimen> specimens_;
  std::map<std::string, int> answers_;
};

}  // namespace

TEST_CASE("hostile files") {
  std::uint32_t first = 1, last = 600;
  if (const char* range = std::getenv("PERMCRYPT_HOSTILE_FILES")) {
    char* end = nullptr;
    first = last = static_cast<std::uint32_t>(std::strtoul(range, &end, 10));
    if (*end == '-') last = static_cast<std::uint32_t>(std::strtoul(end + 1, nullptr, 10));
  }
  Laboratory laboratory;
  for (std::uint32_t number = first; number <= last; ++number) {
    CAPTURE(number);
    laboratory.examine(number);
  }
  for (const auto& [answer, count] : laboratory.answers()) MESSAGE(answer, ": ", count);
  // Else the damage would be of one kind.
  if (first < last) CHECK(laboratory.answers().size() >= 4);
}
