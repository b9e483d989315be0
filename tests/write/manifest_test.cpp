#include "write/manifest.h"

#include <doctest/doctest.h>
#include <sodium.h>

#include <random>

#include "derive/bech32.h"
#include "write/deflate.h"

namespace permcrypt {
namespace {

const std::string kSomeId = bech32_encode("permcrypt", "twenty bytes of a id");

ManifestKeys some_keys(std::uint8_t first = 1) {
  ManifestKeys keys;
  keys.seal.seal.fill(first);
  keys.seal.nonce.fill(2);
  keys.original.fill(3);
  keys.mac.fill(4);
  return keys;
}

// An encrypted model file made of a plain body and the manifest.
struct Encrypted {
  std::string file;
  std::size_t body = 0;
  OpenManifest open{kSomeId, {}};

  explicit Encrypted(SealedPlan sealed, const ManifestKeys& keys = some_keys()) {
    std::vector<FileTags> original;
    for (const std::uint64_t size : sealed.original_sizes) original.push_back({size, {}});
    record_original(sealed, original, keys);
    onnx::ModelProto model;
    model.set_ir_version(8);
    model.mutable_graph()->set_name(std::string(1000, 'g'));
    file = model.SerializeAsString();
    body = file.size();
    open.salt.fill(9);
    CopyResult copied;
    copied.outputs = {{file.size(), {tag_chunk(file, keys.mac, 0, 0)}}};
    copied.partial = file;
    file += make_manifest(open, sealed, keys, copied);
    CHECK(copied.outputs[0].size == file.size());
  }
};

std::optional<Model> parsed(const std::string& file) {
  Model model;
  if (!model.structure.ParseFromString(file)) return std::nullopt;
  return model;
}

std::vector<FileTags> tags_of(std::string file, const ManifestKeys& keys) {
  file.replace(file.size() - kMacText, kMacText, kMacText, '0');
  FileTags tags{file.size(), {}};
  for (std::size_t at = 0; at < file.size(); at += kChunkBytes) {
    tags.tags.push_back(
        tag_chunk(std::string_view(file).substr(at, kChunkBytes), keys.mac, 0, tags.tags.size()));
  }
  return {tags};
}

SealedPlan small_plan() {
  SealedPlan sealed;
  sealed.original_sizes = {1234};
  sealed.plan.groups = {{GroupId{5}, 8, "hidden"}};
  sealed.plan.edits = {{0, 10, "before", "after"}};
  return sealed;
}

TEST_CASE("a manifest is read back") {
  const ManifestKeys keys = some_keys();
  const Encrypted encrypted(small_plan(), keys);
  const auto model = parsed(encrypted.file);
  REQUIRE(model.has_value());
  CHECK(model->structure.metadata_props_size() == 3);
  CHECK(has_manifest(*model));
  const auto manifest = read_manifest(*model);
  REQUIRE(manifest.has_value());
  CHECK(manifest->open == encrypted.open);
  CHECK(encrypted.file.ends_with(manifest->mac));
  const auto sealed = unseal(*manifest, keys);
  REQUIRE(sealed.has_value());
  CHECK(sealed->original_sizes == std::vector<std::uint64_t>{1234});
  CHECK(sealed->original == digest_files({{1234, {}}}, keys.original));
  CHECK(sealed->plan.edits.at(0).replacement == "after");
  CHECK(check_mac(*manifest, tags_of(encrypted.file, keys), keys).has_value());
  CHECK(Encrypted(small_plan(), keys).file == encrypted.file);
}

TEST_CASE("what goes wrong has its own exit code") {
  Model plain;
  CHECK(!has_manifest(plain));
  CHECK(read_manifest(plain).error().kind == ErrorKind::kState);

  const Encrypted encrypted(small_plan());
  const auto manifest = read_manifest(*parsed(encrypted.file));
  REQUIRE(manifest.has_value());
  CHECK(check_key_id(manifest->open, kSomeId).has_value());
  const auto other = check_key_id(manifest->open, "permcrypt1other");
  REQUIRE(!other.has_value());
  CHECK(other.error().kind == ErrorKind::kKey);
  CHECK(unseal(*manifest, some_keys(7)).error().kind == ErrorKind::kResult);
  CHECK(check_mac(*manifest, {}, some_keys()).error().kind == ErrorKind::kResult);

  auto with_open = [&](const std::string& text) {
    Model model = *parsed(encrypted.file);
    model.structure.mutable_metadata_props(0)->set_value(text);
    return read_manifest(model).error().kind;
  };
  const std::string text = parsed(encrypted.file)->structure.metadata_props(0).value();
  std::string later = text;
  later.replace(later.find(":1,"), 3, ":2,");
  CHECK(with_open(later) == ErrorKind::kInput);
  CHECK(with_open(text + " ") == ErrorKind::kResult);
  CHECK(with_open(R"({"format":1,"key":5,"salt":6})") == ErrorKind::kResult);
  CHECK(with_open(std::string(1 << 20, '[')) == ErrorKind::kResult);
  CHECK(with_open("") == ErrorKind::kResult);
  for (int i = 0; i < 3; ++i) {
    Model twice = *parsed(encrypted.file), missing = twice;
    *twice.structure.add_metadata_props() = twice.structure.metadata_props(i);
    CHECK(read_manifest(twice).error().kind == ErrorKind::kResult);
    missing.structure.mutable_metadata_props()->DeleteSubrange(i, 1);
    CHECK(read_manifest(missing).error().kind == ErrorKind::kResult);
  }
}

TEST_CASE("a changed byte anywhere is detected") {
  const ManifestKeys keys = some_keys();
  const Encrypted encrypted(small_plan(), keys);
  std::size_t seal_broken = 0;
  for (std::size_t i = 0; i < encrypted.file.size(); ++i) {
    for (const int flip : {1, 0x20, 0x80}) {
      std::string file = encrypted.file;
      file[i] = static_cast<char>(file[i] ^ flip);
      const auto model = parsed(file);
      if (!model) continue;
      const auto manifest = read_manifest(*model);
      if (!manifest) continue;
      if (!unseal(*manifest, keys)) ++seal_broken;
      INFO("byte ", i, " of ", file.size());
      CHECK(!check_mac(*manifest, tags_of(file, keys), keys).has_value());
    }
  }
  CHECK(seal_broken > 100);  // the seal does its part, apart from the MAC
}

// `count` tensors in one data file, each with three edits in the .onnx: length, location, length.
SealedPlan large_plan(std::size_t count) {
  SealedPlan sealed;
  sealed.original_sizes = {count * 400, count * 4096 * 4096 * 2};
  Plan& plan = sealed.plan;
  plan.data_files = {"model.onnx.data"};
  std::mt19937_64 random(1);
  for (std::size_t i = 0; i < count; ++i) {
    PlanGroup group{{}, 4096, "mlp"};
    for (auto& byte : group.id) byte = static_cast<std::uint8_t>(random());
    plan.groups.push_back(group);
    const AxisMap map{AxisMap::Kind::kGroup, 4096, static_cast<std::uint32_t>(i), {}};
    const AxisMap other{AxisMap::Kind::kGroup, 4096, static_cast<std::uint32_t>(i / 2), {}};
    plan.tensors.push_back({"model.layers." + std::to_string(i / 7) + ".self_attn." +
                                std::to_string(i % 7) + "_proj.weight_" +
                                std::to_string(random() % 100000),
                            {1, i * 4096 * 4096 * 2, 4096 * 4096 * 2},
                            {16, {4096, 4096}, 4096, Encoding::kFixed},
                            {map, other},
                            {}});
    const std::uint64_t at = i * 400 + random() % 50;
    const std::string length(1, static_cast<char>(100 + random() % 20));
    plan.edits.push_back({0, at, length, length + "\x01"});
    plan.edits.push_back({0, at + 40 + random() % 9, "\x1b", "\x1f"});
    plan.edits.push_back({0, at + 60 + random() % 9, "model.onnx.data", "model.enc.onnx.data"});
  }
  return sealed;
}

TEST_CASE("the manifest of a large model is small") {
  constexpr std::size_t kTensors = 50'000;
  const SealedPlan sealed = large_plan(kTensors);
  const Encrypted encrypted(sealed);
  std::size_t growth = encrypted.file.size() - encrypted.body;
  for (const Edit& edit : sealed.plan.edits)
    growth += edit.replacement.size() - edit.original.size();
  MESSAGE("bytes per tensor: ", growth / kTensors);
  CHECK(growth <= 64 * 1024 + 200 * kTensors);
  const auto plan = unseal(*read_manifest(*parsed(encrypted.file)), some_keys());
  REQUIRE(plan.has_value());
  CHECK(to_json(*plan).size() == to_json(sealed).size());
  CHECK(plan->plan.tensors.back().payload == sealed.plan.tensors.back().payload);
}

TEST_CASE("streams that unpack to too much, or are cut off, are refused") {
  const std::string zeros(10 << 20, '\0');
  const std::string packed = deflate_bytes(zeros);
  CHECK(packed.size() < 100'000);
  CHECK(inflate_bytes(packed, zeros.size()) == zeros);
  CHECK(!inflate_bytes(packed, zeros.size() - 1).has_value());
  CHECK(!inflate_bytes(packed.substr(0, packed.size() - 1), zeros.size()).has_value());
  CHECK(!inflate_bytes(packed + "x", zeros.size()).has_value());
  CHECK(!inflate_bytes("", 10).has_value());
  CHECK(inflate_bytes(deflate_bytes(""), 0) == "");
}

}  // namespace
}  // namespace permcrypt
