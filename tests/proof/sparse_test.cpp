#include "plan/sparse_model.h"
#include "proof/proof_sample.h"

namespace permcrypt::test {
namespace {

// The first contradiction once the encrypted sparse weight was changed; "" for a proof.
template <class Change>
std::string refuted(const SparseForm& form, Change change) {
  const TempFolder folder;
  const ProofSample sample(SparseModel(form).write(folder));
  REQUIRE(sample.plan().sparse.size() == 1);
  onnx::ModelProto model;
  REQUIRE(model.ParseFromString(read_all(sample.encrypted())));
  change(*model.mutable_graph()->mutable_sparse_initializer(0));
  const auto proof = sample.prove_changed(model);
  REQUIRE_MESSAGE(proof.has_value(), proof.error().message);
  CHECK(proof->complete() == !proof->refuted());
  return proof->refuted() ? proof->contradictions[0] : "";
}

std::vector<std::int64_t> numbers_of(const onnx::TensorProto& indices) {
  std::vector<std::int64_t> numbers(indices.raw_data().size() / 8);
  std::memcpy(numbers.data(), indices.raw_data().data(), indices.raw_data().size());
  return numbers;
}

TEST_CASE("proof: a sparse weight stands for the one of the original") {
  for (const bool coordinates : {false, true}) {
    const SparseForm form{.coordinates = coordinates};
    CHECK(refuted(form, [](auto&) {}) == "");
  }
  CHECK(refuted({.coordinates = true, .typed = true}, [](auto&) {}) == "");
}

TEST_CASE("proof: a sparse weight that is not renumbered as planned") {
  CHECK(refuted({}, [](auto& sparse) {
          std::string& values = *sparse.mutable_values()->mutable_raw_data();
          std::swap_ranges(values.begin(), values.begin() + 4, values.begin() + 4);
        }) == "the tensor 'w2' is not renumbered as planned");
  CHECK(refuted({}, [](auto& sparse) {
          sparse.mutable_values()->mutable_raw_data()->back() ^= 1;
        }) == "the tensor 'w2' is not renumbered as planned");
  const std::string places = "the tensor 'w2' has elements in other places than planned";
  CHECK(refuted({}, [](auto& sparse) {  // another element is the first that is stored
          auto numbers = numbers_of(sparse.indices());
          numbers[0] += numbers[0] + 1 < numbers[1] ? 1 : -1;
          REQUIRE(numbers[0] >= 0);
          set_numbers(*sparse.mutable_indices(), numbers, false);
        }) == places);
  CHECK(refuted({}, [](auto& sparse) {  // one is not stored any more
          auto numbers = numbers_of(sparse.indices());
          numbers.pop_back();
          set_numbers(*sparse.mutable_indices(), numbers, false);
          const auto count = static_cast<std::int64_t>(numbers.size());
          sparse.mutable_indices()->set_dims(0, count);
          sparse.mutable_values()->set_dims(0, count);
          sparse.mutable_values()->mutable_raw_data()->resize(numbers.size() * 4);
        }) == places);
}

TEST_CASE("proof: an index twice, and another shape") {
  CHECK(refuted({}, [](auto& sparse) {
          auto numbers = numbers_of(sparse.indices());
          numbers[1] = numbers[0];
          set_numbers(*sparse.mutable_indices(), numbers, false);
        }) == "the tensor 'w2' is not stored as planned");
  CHECK(refuted({}, [](auto& sparse) { sparse.set_dims(1, 9); }) ==
        "the tensor 'w2' is another sparse tensor");
}

}  // namespace
}  // namespace permcrypt::test
