#include "base/parallel.h"

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace permcrypt;

TEST_CASE("every task runs exactly once, on any number of threads") {
  for (unsigned threads : {0u, 1u, 2u, 7u, 100u}) {
    std::vector<std::atomic<int>> runs(50);
    const auto result = parallel_for(runs.size(), threads, [&](std::size_t i) -> Result<void> {
      ++runs[i];
      return {};
    });
    CHECK(result);
    for (const auto& count : runs) CHECK(count == 1);
  }
}

TEST_CASE("no tasks are no work") {
  CHECK(parallel_for(
      0, 4, [](std::size_t) -> Result<void> { return fail(ErrorKind::kDefect, "never called"); }));
}

TEST_CASE("the lowest-numbered failure wins on any number of threads") {
  for (unsigned threads : {1u, 2u, 8u}) {
    for (int repeat = 0; repeat < 50; ++repeat) {
      std::atomic<bool> later_failed = false;
      const auto result = parallel_for(64, threads, [&](std::size_t i) -> Result<void> {
        if (i > 5) later_failed = true;
        // With more threads, the fifth task holds its failure back until a later one has failed.
        while (i == 5 && threads > 1 && !later_failed) std::this_thread::yield();
        if (i >= 5) return fail(ErrorKind::kInput, std::to_string(i));
        return {};
      });
      REQUIRE_FALSE(result);
      CHECK(result.error().message == "5");
    }
  }
}

TEST_CASE("an exception in a task is a defect, not a crash") {
  const auto result =
      parallel_for(3, 2, [](std::size_t) -> Result<void> { throw std::runtime_error("boom"); });
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::kDefect);
  CHECK(result.error().message.find("boom") != std::string::npos);
}
