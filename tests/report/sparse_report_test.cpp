#include <doctest/doctest.h>

#include "permcrypt/report.h"
#include "plan/sparse_model.h"

namespace permcrypt::test {
namespace {

TensorReport weight(const Report& report) {
  const auto it = std::ranges::find(report.tensors, "w2", &TensorReport::name);
  REQUIRE(it != report.tensors.end());
  return *it;
}

TEST_CASE("a sparse weight is reported as the tensor that it stands for") {
  SparseModel model;
  auto analysis = model.maker().analyse();
  REQUIRE(analysis.has_value());
  const Report report = report_analysis(*analysis);
  const TensorReport w2 = weight(report);
  CHECK(w2.shape == std::vector<std::int64_t>{12, 8});
  CHECK(w2.bytes == 4 * some_elements({12, 8}).size());
  CHECK(w2.protection == Protection::kBoth);
  CHECK(report.coverage.both == 1.0);
  const auto explained = explain_tensor(*analysis, "w2");
  REQUIRE(explained.has_value());
  CHECK(explained->find("'w2': float32 [12, 8]") != std::string::npos);
  CHECK(explained->find("axis 0 of 'w2'") == std::string::npos);  // of the others only
}

TEST_CASE("a sparse weight that stays is reported with the reason") {
  SparseModel model(sparse_tensor("w2", {0, 5, 1, 95}, {}));
  auto analysis = model.maker().analyse_without_locks();
  REQUIRE(analysis.has_value());
  const Report report = report_analysis(*analysis);
  const TensorReport w2 = weight(report);
  CHECK(w2.protection == Protection::kNone);
  CHECK(w2.why.find("sparse tensor whose indices do not ascend") != std::string::npos);
  const bool advised = std::ranges::any_of(report.advice, [](const std::string& line) {
    return line.find("store them as ordinary ones") != std::string::npos;
  });
  CHECK(advised);
}

}  // namespace
}  // namespace permcrypt::test
