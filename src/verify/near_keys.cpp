#include "verify/near_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "base/quote.h"
#include "verify/lock_vector.h"
#include "verify/numeric_check.h"

namespace permcrypt {
namespace {

constexpr std::size_t kMostLocks = 16;

// Ids that the samples feed to the input that an index lock is named after.
std::vector<std::size_t> ids_in_use(const Trial& trial, const PlanLock& lock, std::size_t size) {
  std::vector<std::size_t> out;
  for (const Sample& sample : trial.samples()) {
    for (const TensorData& input : sample.inputs) {
      if (input.name != lock.value) continue;
      for (const std::int64_t id : to_integers(input).value_or(std::vector<std::int64_t>())) {
        if (id >= 0 && static_cast<std::size_t>(id) < size) {
          out.push_back(static_cast<std::size_t>(id));
        }
      }
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

// How long the inputs are: positions that the graph counts start at 0, and end there.
std::size_t longest_input(const Trial& trial) {
  std::size_t out = 2;
  for (const Sample& sample : trial.samples()) {
    for (const TensorData& input : sample.inputs) {
      if (input.shape.size() < 2) continue;
      out = std::max(out, static_cast<std::size_t>(std::max<std::int64_t>(input.shape[1], 0)));
    }
  }
  return out;
}

// The entries of a lock's index vector that matter for these samples.
std::vector<std::size_t> exercised_entries(const Trial& trial, const LockPart& part) {
  const PlanLock& lock = trial.plan().locks[part.lock];
  std::size_t count = part.size;
  if (lock.kind == LockKind::kIndex) {
    auto ids = ids_in_use(trial, lock, part.size);
    if (ids.size() >= 2) return ids;
    count = std::min(part.size, longest_input(trial));
  }
  std::vector<std::size_t> all(count);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

// Not std::shuffle: its result differs between standard libraries.
void shuffle(std::vector<std::size_t>& entries, std::mt19937_64& random) {
  for (std::size_t i = entries.size(); i > 1; --i) {
    std::swap(entries[i - 1], entries[random() % i]);
  }
}

Worth worth_of(const Trial& trial, const std::vector<OutputDifference>& differences) {
  Worth out;
  double agreeing = 0;
  for (const OutputDifference& d : differences) {
    const auto& caches = trial.plan().caches;
    if (std::ranges::find(caches, d.name, &PlanCache::present) != caches.end()) continue;
    out.max_relative = std::max(out.max_relative, error_of(d));
    out.mean_relative = std::max(out.mean_relative, d.integers ? d.differing : d.mean_relative);
    out.top_positions += d.top_one.positions;
    agreeing += static_cast<double>(d.top_one.agreeing);
  }
  if (out.top_positions > 0) out.top_agreement = agreeing / static_cast<double>(out.top_positions);
  return out;
}

double largest_error(const std::vector<OutputDifference>& differences) {
  double out = 0;
  for (const OutputDifference& d : differences) out = std::max(out, error_of(d));
  return out;
}

LockFigures figures_of(const Trial& trial, const LockPart& part) {
  const PlanLock& lock = trial.plan().locks[part.lock];
  LockFigures out;
  out.value = lock.value;
  out.kind = to_string(lock.kind);
  out.axis = lock.axis;
  out.size = part.size;
  out.bits = permutation_bits(part.size);
  return out;
}

}  // namespace

Result<Check> check_swaps(Trial& trial, std::span<const std::int32_t> key,
                          const Tolerance& tolerance, std::size_t most_samples,
                          std::vector<SwapFigures>& curve) {
  const auto parts = lock_parts(trial.plan());
  std::mt19937_64 random(2);
  std::vector<std::vector<std::size_t>> entries;  // in pairs to exchange
  std::size_t most = 0;
  for (const LockPart& part : parts) {
    entries.push_back(exercised_entries(trial, part));
    shuffle(entries.back(), random);
    most = std::max(most, entries.back().size() / 2);
  }
  Check out{"slightly wrong key", Outcome::kPassed, "there is nothing to exchange", ""};
  for (std::size_t swaps = 1; swaps <= most; swaps *= 2) {
    std::vector<std::int32_t> near(key.begin(), key.end());
    for (std::size_t p = 0; p < parts.size(); ++p) {
      for (std::size_t i = 0; i + 1 < std::min(2 * swaps, entries[p].size()); i += 2) {
        std::swap(near[parts[p].begin + entries[p][i]], near[parts[p].begin + entries[p][i + 1]]);
      }
    }
    // A single pair has to be among the inputs that are run.
    auto differences = trial.differences(near, swaps == 1 ? SIZE_MAX : most_samples);
    if (!differences) return fail(differences.error());
    curve.push_back({swaps, worth_of(trial, *differences)});
    if (swaps > 1) continue;
    const double error = largest_error(*differences);
    out.detail =
        fmt::format("one exchanged pair in each lock: off by {:.2g} standard deviations", error);
    if (error > tolerance.value) continue;
    out.outcome = Outcome::kFailed;
    out.advice = "the locks have no effect on these inputs";
  }
  return out;
}

Result<Check> measure_locks(Trial& trial, std::span<const std::int32_t> key,
                            std::size_t most_samples, std::vector<LockFigures>& locks) {
  const auto parts = lock_parts(trial.plan());
  std::mt19937_64 random(3);
  const auto wrong = random_vector(parts, random);
  const std::size_t tried = std::min(parts.size(), kMostLocks);
  std::size_t enough = 0;
  const LockFigures* weakest = nullptr;
  for (std::size_t i = 0; i < tried; ++i) {
    const LockPart& part = parts[i * parts.size() / tried];
    std::vector<std::int32_t> mixed(key.begin(), key.end());
    const auto begin = static_cast<std::ptrdiff_t>(part.begin);
    std::copy_n(wrong.begin() + begin, part.size, mixed.begin() + begin);
    // The random one may be the right one where there are few.
    if (std::ranges::equal(mixed, key)) {
      std::rotate(mixed.begin() + begin, mixed.begin() + begin + 1,
                  mixed.begin() + begin + static_cast<std::ptrdiff_t>(part.size));
    }
    auto differences = trial.differences(mixed, most_samples);
    if (!differences) return fail(differences.error());
    locks.push_back(figures_of(trial, part));
    locks.back().worth = worth_of(trial, *differences);
  }
  for (const LockFigures& lock : locks) {
    enough += lock.worth.max_relative >= kUselessError;
    if (!weakest || lock.worth.max_relative < weakest->worth.max_relative) weakest = &lock;
  }
  Check out{"each lock alone", Outcome::kNoted, "there are no locks", ""};
  if (!weakest) return out;
  out.detail = fmt::format(
      "{} of {} locks change the results by {} standard deviations or more; "
      "the least, on {}, by {:.2g}",
      enough, tried, kUselessError, in_quotes(weakest->value), weakest->worth.max_relative);
  if (tried < parts.size())
    out.detail += fmt::format(" ({} locks were not tried)", parts.size() - tried);
  return out;
}

}  // namespace permcrypt
