// The stages of copying, beside what memory itself can do. Bytes a second are those of the payload.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "apply/chunks.h"
#include "apply/gather.h"
#include "base/mapped_file.h"
#include "permcrypt/apply.h"

namespace permcrypt {
namespace {

constexpr std::uint64_t kPayload = 256 << 20;  // more than caches hold
constexpr std::uint64_t kColumns = 8192;

const std::string& payload() {
  static const std::string bytes = [] {
    std::string out(kPayload, '\0');
    std::mt19937_64 random(1);
    for (std::size_t i = 0; i < out.size(); i += 8) {
      const std::uint64_t word = random();
      std::memcpy(&out[i], &word, 8);
    }
    return out;
  }();
  return bytes;
}

Permutation shuffled(std::uint64_t n) {
  std::vector<std::uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0u);
  std::shuffle(order.begin(), order.end(), std::mt19937(2));
  return Permutation(std::move(order));
}

void report(benchmark::State& state, std::uint64_t bytes_a_round) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes_a_round));
}

// Chunk after chunk into one buffer, as copying does.
template <class Chunk>
void each_chunk(benchmark::State& state, Chunk chunk) {
  const auto buffer = std::make_unique_for_overwrite<char[]>(kChunkBytes);
  payload();
  for (auto _ : state) {
    for (std::uint64_t begin = 0; begin < kPayload; begin += kChunkBytes) {
      chunk(begin, buffer.get());
      benchmark::ClobberMemory();
    }
  }
  report(state, kPayload);
}

// The bound: memory is read, and what is written stays in the cache.
void memory_read(benchmark::State& state) {
  each_chunk(state, [](std::uint64_t begin, char* buffer) {
    std::memcpy(buffer, payload().data() + begin, kChunkBytes);
  });
}
BENCHMARK(memory_read)->ThreadRange(1, 2)->UseRealTime();

// Memory is read and written: what cp does, in its simplest form.
void memory_copy(benchmark::State& state) {
  const auto copy = std::make_unique<char[]>(kPayload);
  for (auto _ : state) {
    std::memcpy(copy.get(), payload().data(), kPayload);
    benchmark::ClobberMemory();
  }
  report(state, kPayload);
}
BENCHMARK(memory_copy)->ThreadRange(1, 2)->UseRealTime();

void tag(benchmark::State& state) {
  each_chunk(state, [](std::uint64_t begin, char*) {
    benchmark::DoNotOptimize(
        tag_chunk(std::string_view(payload()).substr(begin, kChunkBytes), DigestKey{}, 0, 0));
  });
}
BENCHMARK(tag)->ThreadRange(1, 2)->UseRealTime();

enum Moves { kRows = 1, kInnermost = 2 };

void gather(benchmark::State& state) {
  const auto bits = static_cast<std::uint32_t>(state.range(0));
  const auto columns = static_cast<std::uint64_t>(state.range(2));
  const std::uint64_t rows = kPayload * 8 / bits / columns;
  const std::vector<Permutation> permutations{shuffled(rows), shuffled(columns)};
  PayloadMove move;
  move.length = rows * columns * bits / 8;  // nearly all of the payload
  move.view = {bits, {rows, columns}, 0, Encoding::kFixed};
  move.axes = {state.range(1) & kRows ? 0u : kNone, state.range(1) & kInnermost ? 1u : kNone};
  each_chunk(state, [&](std::uint64_t begin, char* buffer) {
    const auto kernel = Gather::prepare(move, permutations);
    const std::uint64_t end = std::min(begin + kChunkBytes, move.length);
    if (!kernel || !kernel->render(payload(), begin, end, buffer)) {
      state.SkipWithError("cannot be rendered");
    }
  });
}
BENCHMARK(gather)
    ->ArgNames({"bits", "axes", "columns"})
    ->Args({32, kRows, kColumns})
    ->Args({32, kInnermost, kColumns})
    ->ArgsProduct({{4, 8, 16, 32, 64, 128}, {kRows | kInnermost}, {kColumns}})
    ->ArgsProduct({{4, 8, 32}, {kRows | kInnermost}, {32, 768}})
    ->UseRealTime();

}  // namespace
}  // namespace permcrypt
