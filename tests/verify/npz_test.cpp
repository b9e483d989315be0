#include "verify/npz.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/mapped_file.h"
#include "verify/npy.h"
#include "verify/test_tensors.h"

using namespace permcrypt;
using namespace permcrypt::testing;

namespace {

const std::filesystem::path kData = std::filesystem::path(PERMCRYPT_SOURCE_DIR) / "testdata/data";

std::string contents(const std::filesystem::path& path) {
  return std::string(MappedFile::open(path).value().bytes());
}

const TensorData& named(const std::vector<TensorData>& tensors, std::string_view name) {
  return *std::ranges::find(tensors, name, &TensorData::name);
}

}  // namespace

TEST_CASE("npz: archives that NumPy wrote, stored and deflated") {
  for (const char* file : {"stored.npz", "deflated.npz"}) {
    CAPTURE(file);
    const auto tensors = decode_npz(contents(kData / file)).value();
    REQUIRE(tensors.size() == 16);
    const std::vector<double> values = {0, 1, 2, 3, 4, 100};
    for (const char* code : {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"}) {
      CAPTURE(code);
      CHECK(named(tensors, code).shape == std::vector<std::int64_t>{2, 3});
      CHECK(to_doubles(named(tensors, code)) == values);
    }
    CHECK(named(tensors, "b1").type == onnx::TensorProto::BOOL);
    CHECK(to_doubles(named(tensors, "b1")) == std::vector<double>{0, 0, 1, 1, 1, 1});
    CHECK(named(tensors, "scalar").shape.empty());
    CHECK(to_doubles(named(tensors, "scalar")) == std::vector<double>{0.5});
    CHECK(named(tensors, "empty").shape == std::vector<std::int64_t>{2, 0, 3});
    const auto vector = to_integers(named(tensors, "vector")).value();
    REQUIRE(vector.size() == 4000);
    for (std::size_t i = 0; i < vector.size(); ++i) REQUIRE(vector[i] == static_cast<int>(i % 7));
  }
}

TEST_CASE("npz: an array in Fortran order comes out row-major") {
  const auto tensors = decode_npz(contents(kData / "stored.npz")).value();
  const TensorData& tensor = named(tensors, "fortran");
  CHECK(tensor.shape == std::vector<std::int64_t>{2, 3, 4});
  const auto elements = to_integers(tensor).value();
  for (std::size_t i = 0; i < 24; ++i) CHECK(elements[i] == static_cast<std::int64_t>(i));
}

TEST_CASE("npz: what is written reads back, and is the same every time") {
  const std::vector<TensorData> tensors = {floats("a", {2, 2}, {1, 2, 3, 4}),
                                           integers("b/c", {3}, {-1, 0, 1}), floats("", {}, {5})};
  const std::string archive = encode_npz(tensors).value();
  CHECK(archive == encode_npz(tensors).value());
  const auto back = decode_npz(archive).value();
  REQUIRE(back.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(same(back[i], tensors[i]));
}

TEST_CASE("npz: types that NumPy lacks are refused") {
  const std::vector<TensorData> tensors = {
      tensor<std::uint16_t>("x", onnx::TensorProto::BFLOAT16, {1}, {0x3f80})};
  CHECK(encode_npz(tensors).error().kind == ErrorKind::kOutput);
}

TEST_CASE("npz: big-endian and object arrays are refused") {
  for (const char* file : {"big_endian.npz", "objects.npz"}) {
    CAPTURE(file);
    const auto result = decode_npz(contents(kData / file));
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().kind == ErrorKind::kInput);
    CHECK(result.error().message.find("not supported") != std::string::npos);
  }
}

TEST_CASE("npz: truncated at any byte it is an error, or empty, but never more") {
  const std::string archive = contents(kData / "deflated.npz");
  for (std::size_t size = 0; size < archive.size(); ++size) {
    CHECK_FALSE(decode_npz(archive.substr(0, size)).has_value());
  }
}

TEST_CASE("npz: a changed byte never yields other elements") {
  const std::vector<TensorData> tensors = {integers("x", {4}, {1, 2, 3, 4})};
  const std::string archive = encode_npz(tensors).value();
  for (std::size_t at = 0; at < archive.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      std::string damaged = archive;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      const auto result = decode_npz(damaged);
      if (result.has_value() && !result->empty()) CHECK((*result)[0].bytes == tensors[0].bytes);
    }
  }
}

TEST_CASE("npz: a member that claims to be huge costs nothing") {
  std::string archive = encode_npz(std::vector{floats("x", {1}, {1})}).value();
  const std::size_t entry = archive.find("PK\x01\x02");
  for (std::size_t i = 20; i < 28; ++i) archive[entry + i] = '\xfe';
  CHECK(decode_npz(archive).error().kind == ErrorKind::kInput);
}

TEST_CASE("npy: malformed headers") {
  const std::string good = encode_npy(floats("x", {2, 3}, {1, 2, 3, 4, 5, 6})).value();
  REQUIRE(decode_npy(good, "x").has_value());
  CHECK(good.size() % 64 == 24);
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string changed = good;
    return decode_npy(changed.replace(changed.find(from), from.size(), to), "x").has_value();
  };
  CHECK(with("(2, 3)", "(3, 2)"));
  CHECK_FALSE(with("(2, 3)", "(2, 4)"));
  CHECK_FALSE(with("(2, 3)", "(-2,-3"));
  CHECK_FALSE(with("(2, 3)", "[2, 3]"));
  CHECK_FALSE(with("(2, 3)", "(2 3) "));
  CHECK_FALSE(with("'<f4'", "'<f8'"));
  CHECK_FALSE(with("'<f4'", "'|O8'"));
  CHECK_FALSE(with("'<f4'", "''   "));
  CHECK_FALSE(with("'shape'", "'shopa'"));
  CHECK_FALSE(with("False", "Folly"));
  CHECK_FALSE(with("NUMPY", "NUMPI"));
  CHECK_FALSE(decode_npy(good + " ", "x").has_value());
}
