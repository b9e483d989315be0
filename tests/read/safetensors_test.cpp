#include "read/safetensors.h"

#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "base/temp_folder.h"

namespace permcrypt {
namespace {

std::string with_header(const std::string& header, const std::string& elements) {
  std::string file;
  for (int i = 0; i < 8; ++i) file += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return file + header + elements;
}

Result<std::vector<SafeTensor>> read(const std::string& content) {
  const test::TempFolder folder;
  const auto path = folder.path() / "c.safetensors";
  std::ofstream(path, std::ios::binary) << content;
  const auto file = MappedFile::open(path);
  REQUIRE(file.has_value());
  return read_safetensors(*file);
}

constexpr const char* kTwo =
    R"({"__metadata__":{"format":"pt"},"b":{"dtype":"I64","shape":[],"data_offsets":[12,20]},)"
    R"("a":{"dtype":"BF16","shape":[2,3],"data_offsets":[0,12]}})";

TEST_CASE("safetensors: tensors in the order of the file") {
  const auto tensors = read(with_header(kTwo, std::string(20, 'x')));
  REQUIRE(tensors.has_value());
  REQUIRE(tensors->size() == 2);
  const SafeTensor& a = tensors->at(0);
  CHECK(a.name == "a");
  CHECK(a.shape == std::vector<std::uint64_t>{2, 3});
  CHECK(a.bits == 16);
  CHECK(a.floating);
  CHECK(a.offset == 8 + std::string(kTwo).size());
  CHECK(a.length == 12);
  CHECK_FALSE(tensors->at(1).floating);
}

TEST_CASE("safetensors: damaged files are refused") {
  const std::string whole = with_header(kTwo, std::string(20, 'x'));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(read(whole.substr(0, size)).has_value());
  }
  const char* headers[] = {
      R"([])",
      R"({"a":1})",
      R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})",  // another length
      R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})",  // backwards
      R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})",
      R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})",
      R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[18446744073709551612,0]}})",
      R"({"a":{"dtype":7,"shape":[1],"data_offsets":[0,4]}})",
      R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
      R"("b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})",  // overlap
  };
  for (const char* header : headers) {
    CAPTURE(header);
    CHECK_FALSE(read(with_header(header, std::string(8, 'x'))).has_value());
  }
  CHECK_FALSE(read(with_header(std::string(100000, '['), "")).has_value());
}

}  // namespace
}  // namespace permcrypt
