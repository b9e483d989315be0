#include "verify/numeric_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "verify/lock_vector.h"

namespace permcrypt {
namespace {

using T = onnx::TensorProto;

constexpr int kWrongKeys = 8;
constexpr double kUselessError = 0.3;  // standard deviations of the expected output
constexpr double kSkill = 1e-6;        // p-value of top-1 agreement by chance
constexpr std::uint64_t kEnoughPositions = 200;
constexpr double kQuantisationStep = 0.05;  // one flipped 8-bit rounding
constexpr double kLargest = 8;              // the largest of many errors, in their deviations
constexpr double kCeiling = 0.1;            // beyond this an error is no rounding

double error_of(const OutputDifference& d) { return d.integers ? d.differing : d.max_relative; }

bool rounds_to_steps(std::string_view op) {
  return op.starts_with("QLinear") || op.starts_with("DynamicQuantize") || op == "QuantizeLinear" ||
         op == "QGemm" || op == "QAttention" || op == "MatMulNBits";
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

// Differences of every output, for each of several keys.
using ByKey = std::vector<std::vector<OutputDifference>>;

bool depends_on_key(const ByKey& keys, std::size_t output, double tolerance) {
  return std::any_of(keys.begin(), keys.end(), [&](const auto& differences) {
    return error_of(differences[output]) > tolerance || differences[output].differing > 0.5;
  });
}

bool is_skilled(const OutputDifference& d) {
  return d.top_one.positions >= kEnoughPositions && d.top_one.p_value < kSkill;
}

// Why the results under these keys are still of use; empty when they are not.
std::string usefulness(const ByKey& keys, double tolerance, const std::set<std::string>& caches) {
  bool any = false;
  for (std::size_t k = 0; k < keys[0].size(); ++k) {
    // State is of use to the model itself only.
    if (caches.contains(keys[0][k].name) || !depends_on_key(keys, k, tolerance)) continue;
    any = true;
    std::vector<double> errors;
    std::size_t skilled = 0;
    for (const auto& differences : keys) {
      errors.push_back(error_of(differences[k]));
      skilled += is_skilled(differences[k]);
    }
    if (median(errors) < kUselessError) {
      return fmt::format("output '{}' is off by {:.3g} standard deviations only", keys[0][k].name,
                         median(errors));
    }
    if (2 * skilled > keys.size()) {
      const TopOne& top = keys[0][k].top_one;
      return fmt::format(
          "the first choice of output '{}' agrees in {:.1f} % of {} places (chance: {:.1f} %)",
          keys[0][k].name, 100 * top.agreement(), top.positions, 100 * top.chance);
    }
  }
  return any ? "" : "no output changes";
}

std::string spread(const ByKey& keys) {
  double best = INFINITY;
  for (const auto& differences : keys) {
    double worst = 0;
    for (const OutputDifference& d : differences) worst = std::max(worst, error_of(d));
    best = std::min(best, worst);
  }
  return fmt::format("off by at least {:.3g} standard deviations", best);
}

Check useless_check(std::string name, const ByKey& keys, double tolerance,
                    const std::set<std::string>& caches) {
  const std::string why = usefulness(keys, tolerance, caches);
  if (why.empty()) return {std::move(name), Outcome::kPassed, spread(keys), ""};
  return {
      std::move(name), Outcome::kFailed, "still useful: " + why,
      "the model is not protected: encrypt with --internal block, or free more of its interface"};
}

void keep_figures(std::vector<OutputFigures>& figures, const std::string& run,
                  const std::vector<OutputDifference>& differences) {
  for (const OutputDifference& d : differences) figures.push_back(figures_of(run, d));
}

// The integers a sample feeds to the input a lock is named after: entries of the key in use.
std::vector<std::size_t> exercised_entries(const Trial& trial, const PlanLock& lock,
                                           std::size_t size) {
  std::vector<std::size_t> out;
  if (lock.kind == LockKind::kIndex) {
    for (const TensorData& input : trial.samples()[0].inputs) {
      const auto ids =
          input.name == lock.value ? to_integers(input) : Result<std::vector<std::int64_t>>();
      if (!ids) continue;
      for (const std::int64_t id : *ids) {
        if (id >= 0 && static_cast<std::size_t>(id) < size)
          out.push_back(static_cast<std::size_t>(id));
      }
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  // Positions counted in the graph start at 0; all indices of any other lock are in use.
  for (std::size_t i = 0; out.size() < 2 && i < size; ++i) {
    if (std::find(out.begin(), out.end(), i) == out.end()) out.push_back(i);
  }
  return out;
}

// One transposition in each lock in turn. At least one must show, or the check of equality would
// not notice a slightly wrong key.
Result<Check> check_swaps(Trial& trial, std::span<const std::int32_t> key, double tolerance,
                          std::vector<OutputFigures>& figures) {
  const auto parts = lock_parts(trial.plan());
  int tried = 0, noticed = 0;
  for (std::size_t l = 0; l < parts.size() && tried < 16; ++l) {
    const auto entries = exercised_entries(trial, trial.plan().locks[parts[l].lock], parts[l].size);
    if (entries.size() < 2) continue;
    std::vector<std::int32_t> swapped(key.begin(), key.end());
    std::swap(swapped[parts[l].begin + entries[0]], swapped[parts[l].begin + entries[1]]);
    auto differences = trial.differences(swapped);
    if (!differences) return tl::unexpected(differences.error());
    ++tried;
    noticed += std::any_of(differences->begin(), differences->end(),
                           [&](const auto& d) { return error_of(d) > tolerance; });
    keep_figures(figures, fmt::format("one swap in lock {}", l), *differences);
  }
  const std::string detail =
      fmt::format("one swap changes the results in {} of {} locks", noticed, tried);
  if (tried > 0 && noticed == 0) {
    return Check{"slightly wrong key", Outcome::kFailed, detail,
                 "the locks have no effect on these inputs"};
  }
  return Check{"slightly wrong key", Outcome::kPassed, detail, ""};
}

}  // namespace

Tolerance derive_tolerance(const onnx::ModelProto& structure, const Plan& plan) {
  double unit = std::ldexp(1, -24);
  std::string unit_text = "2^-24";
  bool quantised = false;
  const auto narrow = [&](int type) {
    if (type == T::FLOAT16 && unit < std::ldexp(1, -11))
      unit = std::ldexp(1, -11), unit_text = "2^-11";
    if (type == T::BFLOAT16) unit = std::ldexp(1, -8), unit_text = "2^-8";
  };
  for (const auto& t : structure.graph().initializer()) narrow(t.data_type());
  for (const auto& v : structure.graph().input()) narrow(v.type().tensor_type().elem_type());
  double nodes = 0;
  std::vector<const onnx::GraphProto*> open{&structure.graph()};
  while (!open.empty()) {
    const onnx::GraphProto& graph = *open.back();
    open.pop_back();
    for (const auto& node : graph.node()) {
      ++nodes;
      quantised = quantised || rounds_to_steps(node.op_type());
      for (const auto& attribute : node.attribute()) {
        if (attribute.has_g()) open.push_back(&attribute.g());
      }
    }
  }
  double terms = 1;
  for (const PlanGroup& group : plan.groups)
    terms = std::max(terms, static_cast<double>(group.size));
  Tolerance out;
  out.value = kLargest * unit * std::sqrt(terms * std::max(nodes, 1.0));
  out.derivation =
      fmt::format("{} x {} x sqrt({:.0f} terms x {:.0f} nodes)", kLargest, unit_text, terms, nodes);
  if (quantised) {
    out.value = std::max(out.value, kQuantisationStep);
    out.derivation += ", at least one quantisation step";
  }
  out.value = std::min(out.value, kCeiling);
  return out;
}

Result<Check> check_with_key(Trial& trial, std::span<const std::int32_t> key,
                             const Tolerance& tolerance, std::vector<OutputFigures>& figures) {
  auto differences = trial.differences(key);
  if (!differences) return tl::unexpected(differences.error());
  keep_figures(figures, "with the key", *differences);
  double worst = 0, needed = 0;
  for (const OutputDifference& d : *differences) {
    if (!d.mismatch.empty()) {
      return Check{"with the key", Outcome::kFailed, "output '" + d.name + "': " + d.mismatch, ""};
    }
    worst = std::max(worst, error_of(d));
    needed = std::max(needed, d.smallest_tolerance);
  }
  const std::string detail = fmt::format(
      "off by {:.2g} standard deviations at most; tolerance {:.2g} ({}); smallest "
      "tolerance that passes: {:.2g}",
      worst, tolerance.value, tolerance.derivation, needed);
  if (!(worst <= tolerance.value)) {
    return Check{"with the key", Outcome::kFailed, "results differ: " + detail,
                 "do not publish this file; please report the model's architecture as a defect"};
  }
  return Check{"with the key", Outcome::kPassed, detail, ""};
}

Result<std::vector<Check>> check_without_key(Trial& trial, std::span<const std::int32_t> key,
                                             const Tolerance& tolerance,
                                             std::vector<OutputFigures>& figures) {
  const auto parts = lock_parts(trial.plan());
  std::vector<Check> out;
  ByKey identity, wrong;
  auto without = trial.differences(identity_vector(parts));
  if (!without) return tl::unexpected(without.error());
  keep_figures(figures, "without the key", *without);
  identity.push_back(*std::move(without));
  std::mt19937_64 random(1);
  for (int i = 0; i < kWrongKeys; ++i) {
    auto differences = trial.differences(random_vector(parts, random));
    if (!differences) return tl::unexpected(differences.error());
    keep_figures(figures, fmt::format("wrong key {}", i + 1), *differences);
    wrong.push_back(*std::move(differences));
  }
  std::set<std::string> caches;
  for (const PlanCache& cache : trial.plan().caches) caches.insert(cache.present);
  out.push_back(useless_check("without the key", identity, tolerance.value, caches));
  out.push_back(useless_check("wrong keys", wrong, tolerance.value, caches));
  auto swaps = check_swaps(trial, key, tolerance.value, figures);
  if (!swaps) return tl::unexpected(swaps.error());
  out.push_back(*std::move(swaps));
  return out;
}

}  // namespace permcrypt
