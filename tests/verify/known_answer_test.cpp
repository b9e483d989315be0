#include "verify/known_answer.h"

#include <doctest/doctest.h>

#include <cmath>

#include "verify/test_tensors.h"

using namespace permcrypt;
using namespace permcrypt::testing;

namespace {

const std::vector<std::int32_t> kToken{2, 0, 1};

KnownAnswer make_answer() {
  InputChoices choices;
  choices.seed = 7;
  choices.id_bounds = {{"ids", 100}};
  choices.dims = {{"batch", 3}};
  choices.caches = {"past\xff"};  // names are bytes
  return sample_answer(choices, 1e-3, std::vector{floats("y", {2, 2}, {1, 2, 3, 4})}).value();
}

Outcome compare(const std::vector<float>& values) {
  return check_answer(make_answer(), std::vector{floats("y", {2, 2}, values)}).value().outcome;
}

}  // namespace

TEST_CASE("known answer: a file holds all of it, and opens under its token only") {
  const KnownAnswer answer = make_answer();
  const std::string file = seal_answer(answer, kToken);
  const KnownAnswer back = open_answer(file, kToken).value();
  CHECK(back.choices.seed == 7);
  CHECK(back.choices.id_bounds == answer.choices.id_bounds);
  CHECK(back.choices.dims == answer.choices.dims);
  CHECK(back.choices.caches == answer.choices.caches);
  CHECK(back.tolerance == 1e-3);
  REQUIRE(back.outputs.size() == 1);
  CHECK(back.outputs[0].shape == std::vector<std::int64_t>{2, 2});
  CHECK(back.outputs[0].samples == answer.outputs[0].samples);
  CHECK(seal_answer(answer, kToken) == file);

  const std::vector<std::int32_t> other{1, 0, 2};
  CHECK(open_answer(file, other).error().kind == ErrorKind::kKey);
}

TEST_CASE("known answer: changed and foreign files") {
  const std::string file = seal_answer(make_answer(), kToken);
  for (std::size_t at = 0; at < file.size(); ++at) {
    std::string bad = file;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    CHECK_FALSE(open_answer(bad, kToken).has_value());
  }
  CHECK(open_answer("", kToken).error().kind == ErrorKind::kInput);
  CHECK(open_answer(file.substr(0, 30), kToken).error().kind == ErrorKind::kInput);
}

TEST_CASE("known answer: results within the tolerance, and beyond it") {
  CHECK(compare({1, 2, 3, 4}) == Outcome::kPassed);
  CHECK(compare({1, 2, 3, 4.0005f}) == Outcome::kPassed);
  CHECK(compare({1, 2, 3, 4.005f}) == Outcome::kFailed);
  CHECK(compare({1, 2, 3, NAN}) == Outcome::kFailed);
  const std::vector other{floats("y", {4}, {1, 2, 3, 4})};
  CHECK(check_answer(make_answer(), other).value().outcome == Outcome::kFailed);
}

TEST_CASE("known answer: at most 256 values, spread over all outputs") {
  const std::vector outputs{floats("a", {1000}, std::vector<float>(1000, 1)), floats("b", {0}, {}),
                            floats("c", {2}, {1, 2})};
  const KnownAnswer answer = sample_answer({}, 0, outputs).value();
  REQUIRE(answer.outputs.size() == 3);
  CHECK(answer.outputs[0].samples.size() == 85);
  CHECK(answer.outputs[0].samples.back().first > 900);
  CHECK(answer.outputs[1].samples.empty());
  CHECK(answer.outputs[2].samples.size() == 2);
}
