#include "read/external_data.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/temp_folder.h"
#include "permcrypt/model.h"
#include "read/sample_models.h"

using namespace permcrypt;
namespace fs = std::filesystem;
using onnx::TensorProto;
using test::TempFolder;

namespace {

// Reads a model of one external tensor of four bytes; the folder holds it and what the test added.
Result<Model> read_external(const TempFolder& folder, const std::string& location,
                            const std::string& offset = "", const std::string& length = "",
                            std::int64_t elements = 4) {
  onnx::ModelProto model = test::empty_model();
  test::set_external(test::add_tensor(model, "t", TensorProto::UINT8, {elements}), location, offset,
                     length);
  return read_model(folder.write("m.onnx", model.SerializeAsString()));
}

std::string payload(const Result<Model>& model) {
  REQUIRE(model);
  REQUIRE(model->tensors.front().payload);
  PayloadReader reader(*model);
  return std::string(*reader.bytes(*model->tensors.front().payload));
}

void check_refused(const Result<Model>& model, std::string_view part) {
  REQUIRE_FALSE(model);
  CHECK(model.error().kind == ErrorKind::kInput);
  CAPTURE(model.error().message);
  CHECK(model.error().message.find(part) != std::string::npos);
  CHECK_FALSE(model.error().hint.empty());
}

}  // namespace

TEST_CASE("locations are judged lexically") {
  for (const char* good : {"a", "./a", "sub/a", "sub/../a", "..a", "a..", "a b"}) {
    CAPTURE(good);
    CHECK(inside_folder(good));
  }
  CHECK(*inside_folder("sub/./../a") == fs::path("a"));
  for (const char* bad : {"", "/a", "//a", "..", "../a", "sub/../../a", "./../a"}) {
    CAPTURE(bad);
    const auto path = inside_folder(bad);
    REQUIRE_FALSE(path);
    CHECK(path.error().kind == ErrorKind::kInput);
  }
  CHECK_FALSE(inside_folder(std::string_view("a\0b", 3)));
}

TEST_CASE("offsets and lengths are plain decimal numbers") {
  CHECK(parse_external_number("offset", "0") == 0u);
  CHECK(parse_external_number("offset", "18446744073709551615") == ~0ull);
  for (const char* bad : {"", "-1", "+1", " 1", "1 ", "0x10", "1e3", "18446744073709551616"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_external_number("offset", bad));
  }
}

TEST_CASE("offset and length select bytes; without a length it is the tensor's size") {
  TempFolder folder;
  folder.write("data", "0123456789");
  CHECK(payload(read_external(folder, "data", "3", "4")) == "3456");
  CHECK(payload(read_external(folder, "data", "6")) == "6789");
  CHECK(payload(read_external(folder, "./data")) == "0123");
}

TEST_CASE("the location's bytes and entry are found") {
  TempFolder folder;
  folder.write("sub/data", "0123");
  const auto model = read_external(folder, "sub/data");
  REQUIRE(model);
  const Tensor& tensor = model->tensors.front();
  const std::string file = test::read_all(folder.path() / "m.onnx");
  CHECK(tensor.external);
  CHECK(file.substr(tensor.location.offset, tensor.location.length) == "sub/data");
  onnx::StringStringEntryProto entry;
  const Frame& frame = model->frames.at(tensor.location_entry);
  REQUIRE(entry.ParseFromString(file.substr(frame.begin, frame.end - frame.begin)));
  CHECK(entry.key() == "location");
  CHECK(frame.parent == tensor.frame);
}

TEST_CASE("several files are numbered in order of first use") {
  TempFolder folder;
  folder.write("one", "1111");
  folder.write("two", "2222");
  onnx::ModelProto proto = test::empty_model();
  for (const char* location : {"two", "one", "./two"}) {
    test::set_external(test::add_tensor(proto, location, TensorProto::UINT8, {4}), location);
  }
  const auto model = read_model(folder.write("m.onnx", proto.SerializeAsString()));
  REQUIRE(model);
  REQUIRE(model->files.size() == 3);
  CHECK(model->files[1].location == "two");
  CHECK(model->files[1].path == folder.path() / "two");
  CHECK(model->files[2].location == "one");
  CHECK(model->files[2].size == 4);
  CHECK(model->tensors[0].payload == ByteSpan{1, 0, 4});
  CHECK(model->tensors[1].payload == ByteSpan{2, 0, 4});
  CHECK(model->tensors[2].external_file == 1);
}

TEST_CASE("symbolic links are followed") {
  TempFolder folder;
  folder.write("blobs/0815", "0123");
  fs::create_symlink("blobs/0815", folder.path() / "data");
  CHECK(payload(read_external(folder, "data")) == "0123");
}

TEST_CASE("a link in the middle of a location does not change what .. means") {
  TempFolder folder, other;
  folder.write("secret", "mine");
  other.write("secret", "0815");
  fs::create_directory(other.path() / "below");
  fs::create_directory_symlink(other.path() / "below", folder.path() / "link");
  CHECK(payload(read_external(folder, "link/../secret")) == "mine");
}

TEST_CASE("a tensor of no bytes names its file, wherever it points") {
  TempFolder folder;
  folder.write("data", "0123");
  const auto model = read_external(folder, "data", "100", "0", 0);
  REQUIRE(model);
  CHECK(model->tensors.front().external);
  CHECK(model->tensors.front().external_file == 1);
  CHECK(model->tensors.front().unmovable == "no elements");
  CHECK(model->tensors.front().location.length == 4);
  check_refused(read_external(folder, "missing", "0", "0", 0), "missing");
}

TEST_CASE("what is past the end, elsewhere or of another length is refused") {
  TempFolder folder;
  folder.write("data", "0123456789");
  fs::create_directory(folder.path() / "sub");
  check_refused(read_external(folder, "data", "7"), "past the end");
  check_refused(read_external(folder, "data", "18446744073709551615", "4"), "past the end");
  check_refused(read_external(folder, "data", "0", "5"), "type and shape");
  check_refused(read_external(folder, "data", "0", "0"), "type and shape");
  check_refused(read_external(folder, "data", "-1", "4"), "not a number");
  check_refused(read_external(folder, "../data"), "not inside");
  check_refused(read_external(folder, (folder.path() / "data").native()), "not inside");
  check_refused(read_external(folder, ""), "not inside");
  check_refused(read_external(folder, "missing"), "missing");
  check_refused(read_external(folder, "sub"), "sub");
  check_refused(read_external(folder, "m.onnx"), "model file itself");
}

TEST_CASE("two locations, or none, are refused") {
  TempFolder folder;
  folder.write("data", "0123");
  onnx::ModelProto model = test::empty_model();
  TensorProto& tensor = test::add_tensor(model, "t", TensorProto::UINT8, {4});
  tensor.set_data_location(TensorProto::EXTERNAL);
  check_refused(read_model(folder.write("m.onnx", model.SerializeAsString())), "not inside");
  test::set_external(tensor, "data");
  test::set_external(tensor, "data");
  check_refused(read_model(folder.write("m.onnx", model.SerializeAsString())), "two locations");
}

TEST_CASE("a payload both inside and outside is left alone") {
  TempFolder folder;
  folder.write("data", "0123");
  onnx::ModelProto proto = test::empty_model();
  TensorProto& tensor = test::add_tensor(proto, "t", TensorProto::UINT8, {4});
  test::set_external(tensor, "data");
  tensor.set_raw_data("abcd");
  const auto model = read_model(folder.write("m.onnx", proto.SerializeAsString()));
  REQUIRE(model);
  CHECK_FALSE(model->tensors.front().payload);
  CHECK_FALSE(model->tensors.front().unmovable.empty());
}
