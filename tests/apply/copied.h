// Copies as a job says, in memory.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "permcrypt/apply.h"

namespace permcrypt::test {

// What was written, byte for byte; fails when a byte is written twice or never.
class Written {
 public:
  explicit Written(std::size_t files) : bytes_(files), counts_(files) {}
  WriteAt callback() {
    return [this](std::size_t file, std::uint64_t offset, std::string_view data) -> Result<void> {
      std::lock_guard lock(mutex_);
      const std::size_t end = offset + data.size();
      if (bytes_[file].size() < end) {
        bytes_[file].resize(end);
        counts_[file].resize(end);
      }
      bytes_[file].replace(offset, data.size(), data);
      for (std::size_t i = offset; i < end; ++i) ++counts_[file][i];
      return {};
    };
  }
  bool once() const {
    for (const auto& counts : counts_) {
      for (const int count : counts) {
        if (count != 1) return false;
      }
    }
    return true;
  }
  const std::vector<std::string>& bytes() const { return bytes_; }

 private:
  std::mutex mutex_;
  std::vector<std::string> bytes_;
  std::vector<std::vector<std::uint8_t>> counts_;
};

inline CopyOptions options(unsigned threads) {
  CopyOptions o;
  o.threads = threads;
  o.input_key.fill(1);
  o.output_key.fill(2);
  o.memory = 1 << 21;  // drops pages often
  return o;
}

struct Copied {
  std::vector<std::string> bytes;
  CopyResult result;
};

// Copies with 1, 2 and 5 threads, which must agree.
inline Copied copied(const CopyJob& job) {
  Copied first;
  for (const unsigned threads : {1u, 2u, 5u}) {
    Written written(job.files.size());
    auto result = copy_files(job, options(threads), written.callback());
    REQUIRE_MESSAGE(result.has_value(), result.error().message);
    CHECK(written.once());
    if (threads == 1) {
      first = {written.bytes(), std::move(*result)};
    } else {
      CHECK(written.bytes() == first.bytes);
      CHECK(result->inputs == first.result.inputs);
      CHECK(result->outputs == first.result.outputs);
      CHECK(result->partial == first.result.partial);
    }
  }
  return first;
}

}  // namespace permcrypt::test
