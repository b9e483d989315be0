#include "infer/sparse_constant.h"

#include <doctest/doctest.h>

#include "plan/sparse_model.h"

namespace permcrypt::test {
namespace {

// Why the sparse weight of a model cannot move; "" if it can.
std::string held(SparseModel model) {
  const TempFolder folder;
  const auto read = read_model(model.write(folder));
  REQUIRE_MESSAGE(read.has_value(), read.error().message);
  REQUIRE(read->sparse.size() == 1);
  PayloadReader payloads(*read);
  const auto checked = check_sparse(*read, read->sparse[0], payloads);
  return checked ? checked->unmovable : "error: " + checked.error().message;
}

std::string held(const std::vector<std::int64_t>& elements, const SparseForm& form = {}) {
  return held(SparseModel(sparse_tensor("w2", elements, form), form));
}

TEST_CASE("sparse tensors that are stored in the one way can move") {
  for (const bool coordinates : {false, true}) {
    CHECK(held({0, 1, 5, 95}, {.coordinates = coordinates}) == "");
    CHECK(held({}, {.coordinates = coordinates}) == "");
    CHECK(held({0, 1, 5, 95}, {.coordinates = coordinates, .external = true}) == "");
    CHECK(held({0, 1, 5, 95}, {.coordinates = coordinates, .in_constant = true}) == "");
    CHECK(held({0, 1, 5, 95}, {.coordinates = coordinates, .typed = true}) == "");
  }
}

TEST_CASE("sparse tensors that could not come back stay") {
  const std::string order = "sparse tensor whose indices do not ascend";
  for (const bool coordinates : {false, true}) {
    CHECK(held({0, 5, 1, 95}, {.coordinates = coordinates}) == order);
    CHECK(held({0, 5, 5, 95}, {.coordinates = coordinates}) == order);
  }
  const std::string bytes = "sparse tensor whose indices would take another number of bytes";
  CHECK(held({0, 1, 5}, {.typed = true, .shape = {12, 11}}) == bytes);
  CHECK(held({0, 1, 5}, {.coordinates = true, .typed = true, .shape = {12, 11}}) == "");
  CHECK(held({0, 1, 5}, {.coordinates = true, .typed = true, .shape = {2, 129}}) == bytes);
  CHECK(held({0, 1, 5}, {.shape = {2, 1 << 25}}) == "sparse tensor of a huge shape");
  CHECK(held({0, 1, 5}, {.shape = {2, 1 << 24, 1 << 24}}) == "sparse tensor of a huge shape");
  constexpr std::int64_t kHuge = std::int64_t{1} << 62;
  CHECK(held({0, 1, 5}, {.shape = {2, kHuge, kHuge}}) == "sparse tensor of a huge shape");
}

TEST_CASE("parts of a sparse tensor that do not fit each other hold it") {
  const auto changed = [](auto change) {
    auto sparse = sparse_tensor("w2", {0, 1, 5, 95}, {});
    change(sparse);
    return held(SparseModel(std::move(sparse)));
  };
  CHECK(changed([](auto&) {}) == "");
  const std::string other = "sparse tensor with other indices than values";
  CHECK(changed([](auto& s) {
          s.mutable_indices()->set_dims(0, 3);
          set_numbers(*s.mutable_indices(), {0, 1, 5}, false);
        }) == other);
  CHECK(changed([](auto& s) { s.mutable_indices()->add_dims(1); }) == other);
  CHECK(changed([](auto& s) { s.clear_indices(); }) == "sparse tensor without indices");
  CHECK(changed([](auto& s) { s.mutable_indices()->set_data_type(onnx::TensorProto::UINT64); }) ==
        "sparse tensor of unusual indices");
  CHECK(changed([](auto& s) {
          s.mutable_values()->set_data_type(22);  // INT4
          s.mutable_values()->set_raw_data("ab");
        }) == "sparse tensor of packed elements");
}

TEST_CASE("entries outside of the shape are an error") {
  for (const bool coordinates : {false, true}) {
    const SparseForm form{.coordinates = coordinates};
    for (const std::int64_t bad : {std::int64_t{96}, std::int64_t{-1}, INT64_MAX}) {
      auto sparse = sparse_tensor("w2", {0, 1, 5}, form);
      set_numbers(*sparse.mutable_indices(),
                  coordinates ? std::vector<std::int64_t>{0, 0, 0, 1, 0, bad}
                              : std::vector<std::int64_t>{0, 1, bad},
                  false);
      const TempFolder folder;
      const auto read = read_model(SparseModel(std::move(sparse), form).write(folder));
      REQUIRE(read.has_value());
      PayloadReader payloads(*read);
      const auto graph = build_graph(*read, payloads);
      REQUIRE_FALSE(graph.has_value());
      CHECK(graph.error().kind == ErrorKind::kInput);
      CHECK(graph.error().message.find("'w2'") != std::string::npos);
    }
  }
}

TEST_CASE("a sparse tensor that shares bytes of a data file stays") {
  SparseModel model({.external = true});
  onnx::GraphProto& graph = model.maker().graph();
  auto& other = *graph.add_sparse_initializer();
  other = graph.sparse_initializer(0);
  other.mutable_values()->set_name("w3");
  const TempFolder folder;
  const auto read = read_model(model.write(folder));
  REQUIRE(read.has_value());
  REQUIRE(read->sparse.size() == 2);
  PayloadReader payloads(*read);
  for (const SparseTensor& sparse : read->sparse) {
    const auto checked = check_sparse(*read, sparse, payloads);
    REQUIRE(checked.has_value());
    CHECK(checked->unmovable == "sparse tensor that shares its bytes with another");
  }
}

TEST_CASE("a negative extent of a sparse tensor is an error") {
  auto sparse = sparse_tensor("w2", {0, 1, 5}, {});
  sparse.set_dims(1, -8);
  const TempFolder folder;
  const auto read = read_model(SparseModel(std::move(sparse)).write(folder));
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().kind == ErrorKind::kInput);
}

}  // namespace
}  // namespace permcrypt::test
