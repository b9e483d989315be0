// Sparse weights from end to end.
#include <doctest/doctest.h>

#include <cstring>

#include "permcrypt/decrypt.h"
#include "permcrypt/encrypt.h"
#include "permcrypt/rekey.h"
#include "permcrypt/verify.h"
#include "plan/sparse_model.h"
#include "verify/runtime.h"
#include "write/encrypted_model.h"

namespace permcrypt::test {
namespace {

namespace fs = std::filesystem;

// A model in a folder with two keys.
struct Sample {
  TempFolder folder;
  fs::path original;

  explicit Sample(SparseModel&& model) {
    for (const char key : {'a', 'b'}) {
      folder.write(std::string(1, key),
                   SecretKey::from_bytes(std::string(SecretKey::kSize, key)).to_text());
    }
    original = model.write(folder);
  }
  KeyOptions key(const std::string& name = "a") const {
    return {.file = folder / name, .passphrase_fd = {}};
  }
  fs::path enc() const { return folder / "enc" / "model.onnx"; }

  Result<EncryptReport> encrypted(EncryptRequest request = {}) const {
    fs::create_directories(enc().parent_path());
    request.model = original;
    if (!request.in_place) request.out = enc();
    request.key = key();
    return encrypt(request);
  }
  // The data file that an encryption has written.
  std::string data() const { return read_all(enc().native() + ".data"); }

  void check_decrypts(const fs::path& file, const std::string& key_name) const {
    const fs::path folder_back = folder / ("back-" + key_name);
    fs::create_directories(folder_back);
    DecryptRequest request;
    request.model = file;
    request.out = folder_back / "model.onnx";
    request.key = key(key_name);
    const auto done = decrypt(request);
    REQUIRE_MESSAGE(done.has_value(), done.error().message);
    CHECK(read_all(folder_back / "model.onnx") == read_all(original));
    if (fs::exists(folder / "sparse.data")) {
      CHECK(read_all(folder_back / "sparse.data") == read_all(folder / "sparse.data"));
    }
  }
};

std::vector<SparseForm> forms() {
  return {{},
          {.coordinates = true},
          {.typed = true},
          {.coordinates = true, .typed = true},
          {.in_constant = true},
          {.external = true},
          {.coordinates = true, .external = true},
          {.coordinates = true, .shape = {40, 150}}};
}

Outcome outcome_of(const Verdict& verdict, const std::string& check) {
  const auto it = std::ranges::find(verdict.checks, check, &Check::name);
  REQUIRE_MESSAGE(it != verdict.checks.end(), check);
  return it->outcome;
}

TEST_CASE("sparse weights: right with the key, useless without, the original when decrypted") {
  for (const SparseForm& form : forms()) {
    CAPTURE(form.coordinates);
    CAPTURE(form.typed);
    CAPTURE(form.in_constant);
    CAPTURE(form.external);
    const Sample sample{SparseModel(form)};
    const auto report = sample.encrypted();
    REQUIRE_MESSAGE(report.has_value(), report.error().message);
    REQUIRE(report->analysis.plan.sparse.size() == 1);
    VerifyRequest request;
    request.encrypted = sample.enc();
    request.original = sample.original;
    request.key = sample.key();
    const auto verdict = verify(request);
    REQUIRE_MESSAGE(verdict.has_value(), verdict.error().message);
    for (const Check& check : verdict->checks) {
      CHECK_MESSAGE(check.outcome != Outcome::kFailed, check.name << ": " << check.detail);
    }
    CHECK(outcome_of(*verdict, "bytes") == Outcome::kPassed);
    if (runtime_available()) {
      CHECK(outcome_of(*verdict, "with the key") == Outcome::kPassed);
      CHECK(outcome_of(*verdict, "without the key") == Outcome::kPassed);
    }
    // Neither part of the sparse tensor is what it was.
    const auto before = read_model(sample.original), after = read_model(sample.enc());
    REQUIRE(before.has_value());
    REQUIRE(after.has_value());
    PayloadReader here(*before), there(*after);
    const SparseTensor &o = before->sparse[0], &e = after->sparse[0];
    CHECK(here.integers(o.indices, 1 << 20) != there.integers(e.indices, 1 << 20));
    CHECK(here.floats(o.values, 1 << 20) != there.floats(e.values, 1 << 20));
    sample.check_decrypts(sample.enc(), "a");
  }
}

TEST_CASE("sparse weights: a new key without the plain model") {
  for (const SparseForm& form : forms()) {
    const Sample sample{SparseModel(form)};
    REQUIRE(sample.encrypted().has_value());
    RekeyRequest request;
    request.model = sample.enc();
    request.out = sample.folder / "enc" / "other.onnx";
    request.key = sample.key();
    request.to = sample.key("b");
    const auto done = rekey(request);
    REQUIRE_MESSAGE(done.has_value(), done.error().message);
    sample.check_decrypts(*request.out, "b");
  }
}

TEST_CASE("sparse weights: in place, and in shares, as in one go") {
  for (const bool coordinates : {false, true}) {
    const Sample sample{SparseModel({.coordinates = coordinates, .external = true})};
    REQUIRE(sample.encrypted().has_value());
    const std::string whole = read_all(sample.enc()), data = sample.data();

    fs::remove_all(sample.enc().parent_path());
    for (const std::uint32_t number : {2u, 1u}) {
      EncryptRequest share;
      share.share = Share{number, 2};
      const auto done = sample.encrypted(share);
      REQUIRE_MESSAGE(done.has_value(), done.error().message);
    }
    EncryptRequest join;
    join.join = true;
    REQUIRE(sample.encrypted(join).has_value());
    CHECK(read_all(sample.enc()) == whole);
    CHECK(sample.data() == data);

    EncryptRequest in_place;
    in_place.in_place = true;
    const Sample again{SparseModel({.coordinates = coordinates, .external = true})};
    REQUIRE(again.encrypted(in_place).has_value());
    CHECK(read_all(again.folder / "sparse.data") == data);
    const fs::path plain = again.folder / "plain.onnx";
    DecryptRequest back;
    back.model = again.original;
    back.out = again.folder / "plain" / "model.onnx";
    back.key = again.key();
    fs::create_directory(again.folder / "plain");
    REQUIRE(decrypt(back).has_value());
    CHECK(read_all(*back.out) == read_all(sample.original));
    CHECK(read_all(again.folder / "plain" / "sparse.data") ==
          read_all(sample.folder / "sparse.data"));
  }
}

TEST_CASE("sparse weights: values in the model, indices in a data file, in place") {
  SparseModel model({.external = true});
  auto& values = *model.maker().graph().mutable_sparse_initializer(0)->mutable_values();
  values = *sparse_tensor("w2", some_elements({12, 8}), {}).mutable_values();
  const Sample sample(std::move(model));
  const std::string before = read_all(sample.original);
  const std::string data = read_all(sample.folder / "sparse.data");
  EncryptRequest in_place;
  in_place.in_place = true;
  REQUIRE(sample.encrypted(in_place).has_value());
  CHECK(read_all(sample.folder / "sparse.data") != data);
  DecryptRequest back;
  back.model = sample.original;
  back.out = sample.folder / "plain" / "model.onnx";
  back.key = sample.key();
  fs::create_directory(sample.folder / "plain");
  const auto done = decrypt(back);
  REQUIRE_MESSAGE(done.has_value(), done.error().message);
  CHECK(read_all(*back.out) == before);
  CHECK(read_all(sample.folder / "plain" / "sparse.data") == data);
}

// Weights that were trained, and cast, with the plan of before.
TEST_CASE("sparse weights: changed, in another form, and decrypted") {
  const Sample sample{SparseModel()};
  REQUIRE(sample.encrypted().has_value());
  onnx::ModelProto model;
  REQUIRE(model.ParseFromString(read_all(sample.enc())));
  auto& sparse = *model.mutable_graph()->mutable_sparse_initializer(0);
  std::vector<std::int64_t> elements(static_cast<std::size_t>(sparse.indices().dims(0)));
  std::memcpy(elements.data(), sparse.indices().raw_data().data(),
              sparse.indices().raw_data().size());
  std::vector<std::int64_t> numbers;
  for (const std::int64_t element : elements) {
    numbers.push_back(element / 8);
    numbers.push_back(element % 8);
  }
  set_numbers(*sparse.mutable_indices(), numbers, false);
  sparse.mutable_indices()->add_dims(2);
  std::string& values = *sparse.mutable_values()->mutable_raw_data();
  std::string wide;
  for (std::size_t at = 0; at < values.size(); at += sizeof(float)) {
    float value;
    std::memcpy(&value, values.data() + at, sizeof value);
    const double twice = 2.0 * value;
    wide.append(reinterpret_cast<const char*>(&twice), sizeof twice);
  }
  values = wide;
  sparse.mutable_values()->set_data_type(onnx::TensorProto::DOUBLE);
  sample.folder.write("enc/model.onnx", model.SerializeAsString());

  DecryptRequest request;
  request.model = sample.enc();
  request.out = sample.folder / "changed.onnx";
  request.key = sample.key();
  CHECK(decrypt(request).error().kind == ErrorKind::kResult);
  request.changed_weights = true;
  const auto done = decrypt(request);
  REQUIRE_MESSAGE(done.has_value(), done.error().message);
  const auto before = read_model(sample.original), after = read_model(*request.out);
  REQUIRE(after.has_value());
  PayloadReader here(*before), there(*after);
  const auto old_values = here.floats(before->sparse[0].values, 1000);
  const auto new_values = there.floats(after->sparse[0].values, 1000);
  REQUIRE(new_values);
  REQUIRE(new_values->size() == old_values->size());
  for (std::size_t k = 0; k < old_values->size(); ++k) {
    CHECK((*new_values)[k] == 2 * (*old_values)[k]);
  }
}

TEST_CASE("sparse weights: indices that were changed are tampering") {
  const Sample sample{SparseModel()};
  REQUIRE(sample.encrypted().has_value());
  const auto model = read_model(sample.enc());
  REQUIRE(model.has_value());
  const ByteSpan span = *model->tensors[model->sparse[0].indices].payload;
  const std::string bytes = read_all(sample.enc());
  for (const auto& [at, bits] : {std::pair(7, 0x7f), {0, 0x01}, {3, 0x01}}) {
    std::string changed = bytes;
    char& byte = changed[span.offset + static_cast<std::size_t>(at)];
    byte = static_cast<char>(byte ^ bits);
    sample.folder.write("enc/model.onnx", changed);
    DecryptRequest request;
    request.model = sample.enc();
    request.out = sample.folder / "back.onnx";
    request.key = sample.key();
    CHECK(decrypt(request).error().kind == ErrorKind::kResult);
    CHECK_FALSE(fs::exists(*request.out));
  }
}

}  // namespace
}  // namespace permcrypt::test
