// The model collection in PERMCRYPT_ZOO, where it is set: what this runtime makes of it.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

#include "verify/compare.h"
#include "verify/data_files.h"
#include "verify/runtime.h"

using namespace permcrypt;

TEST_CASE("zoo: models give their expected outputs" *
          doctest::skip(!runtime_available() || std::getenv("PERMCRYPT_ZOO") == nullptr)) {
  int models = 0, loaded = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::getenv("PERMCRYPT_ZOO"))) {
    if (!entry.is_directory()) continue;
    CAPTURE(entry.path());
    ++models;
    auto session = Session::open(entry.path(), {});
    if (!session) {
      MESSAGE(session.error().message);  // newer than this runtime
      continue;
    }
    ++loaded;
    const auto folder = entry.path() / "test_data_set_0";
    const auto data = read_data(folder).value();
    const auto feeds = bind_inputs(data.runs[0], session->inputs()).value();
    const auto outputs = session->run(feeds);
    REQUIRE_MESSAGE(outputs.has_value(), outputs.error().message);
    const auto differences = compare_outputs(read_expected(folder).value(), *outputs).value();
    for (const OutputDifference& difference : differences) {
      CAPTURE(difference.name);
      CHECK(difference.mismatch == "");
      // Half precision and quantised models round differently on other processors.
      CHECK(difference.p99_relative < 0.05);
      CHECK(difference.differing <= (difference.integers ? 0.02 : 1.0));
    }
  }
  CHECK(models > 0);
  CHECK(loaded * 100 >= models * 95);
}
