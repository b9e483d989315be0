#include "verify/runtime.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "base/mapped_file.h"
#include "base/temp_folder.h"
#include "verify/compare.h"
#include "verify/data_files.h"
#include "verify/test_tensors.h"

using namespace permcrypt;
using namespace permcrypt::testing;
using permcrypt::test::TempFolder;

namespace {

namespace fs = std::filesystem;
const fs::path kModels = fs::path(PERMCRYPT_SOURCE_DIR) / "testdata/models";
const fs::path kExternal = kModels / "matmul-external";

// x w for x = (1, 1), (2, 0).
void check_product(Result<Session> session) {
  REQUIRE(session.has_value());
  const std::vector feeds = {floats("x", {2, 2}, {1, 1, 2, 0})};
  const auto outputs = session->run(feeds).value();
  REQUIRE(outputs.size() == 1);
  CHECK(same(outputs[0], floats("y", {2, 3}, {5, 7, 9, 2, 4, 6})));
}

}  // namespace

TEST_CASE("runtime: a model gives its expected outputs" * doctest::skip(!runtime_available())) {
  const fs::path folder = kModels / "mlp-dynamo";
  for (const bool optimise : {false, true}) {
    auto session = Session::open(folder, {.optimise = optimise, .threads = 1}).value();
    const auto data = read_data(folder / "test_data_set_0").value();
    const auto feeds = bind_inputs(data.runs[0], session.inputs()).value();
    const auto outputs = session.run(feeds).value();
    const auto expected = read_expected(folder / "test_data_set_0").value();
    REQUIRE_FALSE(expected.empty());
    const auto differences = compare_outputs(expected, outputs).value();
    for (const auto& difference : differences) {
      CHECK(difference.max_relative < 1e-5);
    }
  }
}

TEST_CASE("runtime: a model's interface" * doctest::skip(!runtime_available())) {
  const auto session = Session::open(kExternal / "model.onnx", {}).value();
  REQUIRE(session.inputs().size() == 1);
  const TensorInfo& input = session.inputs()[0];
  CHECK(input.name == "x");
  CHECK(input.type == onnx::TensorProto::FLOAT);
  REQUIRE(input.shape.size() == 2);
  CHECK(input.shape[0].size == -1);
  CHECK(input.shape[0].name == "n");
  CHECK(input.shape[1].size == 2);
  REQUIRE(session.outputs().size() == 1);
  CHECK(session.outputs()[0].name == "y");
}

TEST_CASE("runtime: external data from its file, and from memory" *
          doctest::skip(!runtime_available())) {
  check_product(Session::open(kExternal / "model.onnx", {}));
  const auto model = MappedFile::open(kExternal / "model.onnx").value();
  const auto weights = MappedFile::open(kExternal / "weights.bin").value();
  const std::vector<ExternalBytes> data = {{"weights.bin", weights.bytes()}};
  check_product(Session::from_bytes(model.bytes(), data, {}));
}

TEST_CASE("runtime: a model that is symbolic links into a cache" *
          doctest::skip(!runtime_available())) {
  const TempFolder folder;
  fs::create_directory(folder / "blobs");
  fs::create_directory(folder / "snapshot");
  fs::copy_file(kExternal / "model.onnx", folder / "blobs/0a");
  fs::copy_file(kExternal / "weights.bin", folder / "blobs/0b");
  fs::create_symlink("../blobs/0a", folder / "snapshot/model.onnx");
  fs::create_symlink("../blobs/0b", folder / "snapshot/weights.bin");
  check_product(Session::open(folder / "snapshot/model.onnx", {}));
}

TEST_CASE("runtime: errors are one line of kind input" * doctest::skip(!runtime_available())) {
  const auto bad = Session::from_bytes("no model", {}, {});
  REQUIRE_FALSE(bad.has_value());
  CHECK(bad.error().kind == ErrorKind::kInput);
  CHECK(bad.error().message.find('\n') == std::string::npos);

  auto session = Session::open(kExternal / "model.onnx", {}).value();
  const auto refused = [&](const std::vector<TensorData>& feeds) {
    const auto result = session.run(feeds);
    return !result && result.error().kind == ErrorKind::kInput &&
           result.error().message.find('\n') == std::string::npos;
  };
  CHECK(refused({}));
  CHECK(refused({floats("x", {1, 2}, {1, 1}), floats("q", {}, {1})}));
  CHECK(refused({floats("x", {1, 3}, {1, 1, 1})}));
  CHECK(refused({integers("x", {1, 2}, {1, 1})}));
}

TEST_CASE("runtime: built without, sessions say so" * doctest::skip(runtime_available())) {
  CHECK(Session::open(kExternal / "model.onnx", {}).error().kind == ErrorKind::kState);
  CHECK(Session::from_bytes("", {}, {}).error().kind == ErrorKind::kState);
}
