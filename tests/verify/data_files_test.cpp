#include "verify/data_files.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/temp_folder.h"
#include "verify/test_tensors.h"
#include "verify/token_file.h"

using namespace permcrypt;
using namespace permcrypt::testing;
using permcrypt::test::TempFolder;

namespace {

namespace fs = std::filesystem;
const fs::path kData = fs::path(PERMCRYPT_SOURCE_DIR) / "testdata/data";

std::vector<TensorInfo> inputs_named(const std::vector<std::string>& names) {
  std::vector<TensorInfo> inputs;
  for (const std::string& name : names) inputs.push_back({name, onnx::TensorProto::FLOAT, {}});
  return inputs;
}

}  // namespace

TEST_CASE("data: a folder with elements in every typed field") {
  const DataSet data = read_data(kData / "typed").value();
  CHECK(data.layout == DataLayout::kFolder);
  REQUIRE(data.runs.size() == 1);
  REQUIRE(data.runs[0].size() == 11);
  for (std::size_t i = 0; i < 11; ++i) {
    CAPTURE(i);
    CHECK(data.runs[0][i].name == "t" + std::to_string(i));
    CHECK(to_doubles(data.runs[0][i]) == std::vector<double>{0, 1, 1, 0});
  }
}

TEST_CASE("data: Polygraphy's JSON holds several runs") {
  const DataSet data = read_data(kData / "polygraphy.json").value();
  CHECK(data.layout == DataLayout::kJson);
  REQUIRE(data.runs.size() == 2);
  REQUIRE(data.runs[0].size() == 2);
  CHECK(same(data.runs[0][0], floats("x", {2, 3}, {0, 1, 2, 3, 4, 100})));
  CHECK(same(data.runs[0][1], integers("ids", {2}, {1, 2})));
  CHECK(same(data.runs[1][0], floats("x", {2, 3}, {1, 2, 3, 4, 5, 101})));
}

TEST_CASE("data: outputs are written in the layout of the inputs") {
  const TempFolder folder;
  DataSet outputs{DataLayout::kFolder, {{floats("y", {2}, {1, 2}), integers("z", {}, {3})}}};

  SUBCASE("folder") {
    REQUIRE(write_data(folder / "out", outputs, {}).has_value());
    const auto back = read_expected(folder / "out").value();
    REQUIRE(back.size() == 2);
    CHECK(same(back[0], outputs.runs[0][0]));
    CHECK(same(back[1], outputs.runs[0][1]));
    CHECK(write_data(folder / "out", outputs, {}).error().kind == ErrorKind::kOutput);
    CHECK(write_data(folder / "out", outputs, {.if_exists = IfExists::kReplace}).has_value());
  }
  SUBCASE("npz") {
    outputs.layout = DataLayout::kNpz;
    REQUIRE(write_data(folder / "out.npz", outputs, {}).has_value());
    const DataSet back = read_data(folder / "out.npz").value();
    CHECK(back.layout == DataLayout::kNpz);
    CHECK(same(back.runs.at(0).at(1), outputs.runs[0][1]));
    CHECK(write_data(folder / "out.npz", outputs, {}).error().kind == ErrorKind::kOutput);
  }
  SUBCASE("json") {
    outputs.layout = DataLayout::kJson;
    outputs.runs.push_back({floats("y", {1}, {7})});
    REQUIRE(write_data(folder / "out.json", outputs, {}).has_value());
    const DataSet back = read_data(folder / "out.json").value();
    REQUIRE(back.runs.size() == 2);
    CHECK(same(back.runs[0].at(1), outputs.runs[0][1]));
    CHECK(same(back.runs[1].at(0), outputs.runs[1][0]));
  }
}

TEST_CASE("data: a folder made for outputs that cannot be written goes away again") {
  const TempFolder folder;
  const DataSet outputs{DataLayout::kFolder, {{floats("y", {1}, {1})}}};
  CHECK(write_data(folder / "none" / "out", outputs, {}).error().kind == ErrorKind::kOutput);
  CHECK_FALSE(fs::exists(folder / "none"));
}

TEST_CASE("data: tensors bind by name, else by position") {
  const auto inputs = inputs_named({"a", "b", "c"});
  const auto bound =
      bind_inputs({floats("b", {}, {1}), floats("a", {}, {2}), floats("", {}, {3})}, inputs)
          .value();
  CHECK(bound[0].name == "b");
  CHECK(bound[1].name == "a");
  CHECK(bound[2].name == "c");
}

TEST_CASE("data: inputs that an initializer backs bind by name only") {
  const auto inputs = inputs_named({"a"}), defaults = inputs_named({"scale"});
  const auto bound =
      bind_inputs({floats("", {}, {1}), floats("scale", {}, {2})}, inputs, defaults).value();
  CHECK(bound[0].name == "a");
  CHECK(bound[1].name == "scale");
  CHECK_FALSE(bind_inputs(std::vector<TensorData>(2), inputs, defaults).has_value());
  CHECK_FALSE(bind_inputs({floats("scale", {}, {2})}, inputs).has_value());
}

TEST_CASE("data: tensors that do not bind") {
  const auto inputs = inputs_named({"a", "b"});
  CHECK(bind_inputs({floats("x", {}, {1})}, inputs).error().kind == ErrorKind::kInput);
  CHECK_FALSE(bind_inputs({floats("b", {}, {1}), floats("b", {}, {1})}, inputs).has_value());
  CHECK_FALSE(bind_inputs({floats("b", {}, {1}), floats("", {}, {1})}, inputs).has_value());
  CHECK_FALSE(bind_inputs(std::vector<TensorData>(3), inputs).has_value());
}

TEST_CASE("data: bad input names its file") {
  const TempFolder folder;
  CHECK(read_data(folder / "missing").error().kind == ErrorKind::kInput);
  CHECK(read_data(folder / ".").error().message.find("input_0.pb") != std::string::npos);
  for (const char* name : {"bad.npz", "bad.json", "input_0.pb"}) {
    CAPTURE(name);
    for (const char* content :
         {"", "x", "[", "[]", "[1]", "[{\"x\": 1}]", "[{\"x\": {\"array\": \"?\"}}]"}) {
      std::ofstream(folder / name) << content;
      const auto result =
          read_data(std::string_view(name).ends_with(".pb") ? folder / "" : folder / name);
      REQUIRE_FALSE(result.has_value());
      CHECK(result.error().kind == ErrorKind::kInput);
      CHECK(result.error().message.find(name) != std::string::npos);
    }
  }
}

TEST_CASE("token files: exactly one int32 array, for the owner only") {
  const TempFolder folder;
  const std::vector<std::int32_t> vector = {2, 0, 1};
  REQUIRE(write_token(folder / "token.npz", {vector, {}}, IfExists::kRefuse).has_value());
  struct stat status;
  REQUIRE(::stat((folder / "token.npz").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  const TensorData token = read_token(folder / "token.npz").value();
  CHECK(same(token, tensor("permcrypt_key", onnx::TensorProto::INT32, {3}, vector)));
  CHECK(read_token(kData / "stored.npz").error().kind == ErrorKind::kInput);
  CHECK(read_token(kData / "polygraphy.json").error().kind == ErrorKind::kInput);
}

TEST_CASE("token files: client graphs beside, or instead") {
  const TempFolder folder;
  const Token graphs{std::nullopt, ClientGraphs{"in", "out"}};
  const auto written = write_token(folder / "a.token.npz", graphs, IfExists::kRefuse);
  REQUIRE(written.has_value());
  CHECK(*written == std::vector<std::filesystem::path>{folder / "a.token.in.onnx",
                                                       folder / "a.token.out.onnx"});
  CHECK_FALSE(std::filesystem::exists(folder / "a.token.npz"));
  for (const char* name : {"a.token", "a.token.npz", "a.token.in.onnx", "a.token.out.onnx"}) {
    CHECK(client_graph_paths(folder / name).in == folder / "a.token.in.onnx");
    CHECK(client_graph_paths(folder / name).out == folder / "a.token.out.onnx");
  }
  // All or none: one of the two is in the way.
  std::filesystem::remove(folder / "a.token.in.onnx");
  CHECK_FALSE(write_token(folder / "a.token.npz", graphs, IfExists::kRefuse).has_value());
  CHECK_FALSE(std::filesystem::exists(folder / "a.token.in.onnx"));
}

TEST_CASE("data: deeply nested JSON is refused without harm") {
  const TempFolder folder;
  std::ofstream(folder / "deep.json") << std::string(1 << 20, '[');
  CHECK(read_data(folder / "deep.json").error().kind == ErrorKind::kInput);
  std::ofstream(folder / "deep.json") << std::string(1 << 20, '[') << std::string(1 << 20, ']');
  CHECK(read_data(folder / "deep.json").error().kind == ErrorKind::kInput);
}
