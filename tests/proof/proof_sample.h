// A model and its encryption, as the proof meets them.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/temp_folder.h"
#include "infer/text_model.h"
#include "permcrypt/encrypt.h"
#include "permcrypt/proof.h"
#include "verify/subject.h"
#include "write/inserted_names.h"

namespace permcrypt::test {

class ProofSample {
 public:
  explicit ProofSample(std::filesystem::path original, LockOptions locks = {})
      : original_(std::move(original)) {
    folder_.write("key", SecretKey::from_bytes(std::string(SecretKey::kSize, 'p')).to_text());
    EncryptRequest request;
    request.model = original_;
    request.out = encrypted();
    request.key.file = folder_ / "key";
    request.locks = std::move(locks);
    const auto report = encrypt(request);
    REQUIRE_MESSAGE(report.has_value(), report.error().message);
    auto subject = open_subject(encrypted(), request.key);
    REQUIRE(subject.has_value());
    subject_ = *std::move(subject);
    key_ = token_vector(plan(), subject_->groups);
  }

  std::filesystem::path encrypted() const { return folder_ / "model.enc.onnx"; }
  const TempFolder& folder() const { return folder_; }
  const Plan& plan() const { return subject_->sealed.plan; }
  const std::vector<Permutation>& groups() const { return subject_->groups; }
  const std::vector<std::int32_t>& key() const { return key_; }

  Result<Proof> prove_file(const std::filesystem::path& file) const {
    return prove_files(original_, file);
  }
  Result<Proof> prove_files(const std::filesystem::path& before,
                            const std::filesystem::path& file) const {
    return prove_with(before, file, plan());
  }
  // Of the encrypted model, as if its plan said something else.
  Result<Proof> prove_with(const Plan& other) const {
    return prove_with(original_, encrypted(), other);
  }
  Proof proof() const {
    const auto proof = prove_file(encrypted());
    REQUIRE_MESSAGE(proof.has_value(), proof.error().message);
    return *proof;
  }
  // Of the encrypted model with a fault in it.
  Result<Proof> prove_changed(const onnx::ModelProto& changed) const {
    std::ofstream(folder_ / "changed.onnx", std::ios::binary) << changed.SerializeAsString();
    return prove_file(folder_ / "changed.onnx");
  }

 private:
  Result<Proof> prove_with(const std::filesystem::path& before, const std::filesystem::path& file,
                           const Plan& plan) const {
    const auto original = read_model(before);
    const auto other = read_model(file);
    if (!original || !other) return tl::unexpected((original ? other : original).error());
    return prove({*original, *other, plan, subject_->groups, key_,
                  find_key_input(other->structure.graph()), 1});
  }

  TempFolder folder_;
  std::filesystem::path original_;
  std::optional<Subject> subject_;
  std::vector<std::int32_t> key_;
};

inline std::filesystem::path model_to_prove(const std::string& name) {
  const std::filesystem::path data = PERMCRYPT_SOURCE_DIR "/testdata";
  return (name == "vit-mnist" ? data / name : data / "models" / name) / "model.onnx";
}

// What is refuted, or else not understood.
inline std::string first_of(const Proof& proof) {
  return proof.refuted()                ? proof.contradictions[0]
         : proof.not_understood.empty() ? ""
                                        : proof.not_understood.begin()->first;
}

// The same of a model, encrypted; "": proved in full.
inline std::string outcome(const std::string& graph, LockOptions locks = {}) {
  const TempFolder folder;
  const auto path = folder.write("model.onnx", testing::text_model(graph).SerializeAsString());
  return first_of(ProofSample(path, std::move(locks)).proof());
}

}  // namespace permcrypt::test
