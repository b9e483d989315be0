#include "verify/lock_advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/quote.h"
#include "permcrypt/analysis.h"

namespace permcrypt {
namespace {

std::string option(const SealedPlan& sealed, const std::string& name) {
  const auto it =
      std::ranges::find(sealed.options, name, &std::pair<std::string, std::string>::first);
  return it == sealed.options.end() ? "" : it->second;
}

struct Setting {
  const char* text;
  Carry carry;
  Internal internal;
};

// Beyond what the model was encrypted with, the weakest first.
std::vector<Setting> further_settings(const SealedPlan& sealed) {
  const std::string carry = option(sealed, "carry"), internal = option(sealed, "internal");
  std::vector<Setting> out;
  const bool data = carry == "data";
  if (data) out.push_back({"--carry both", Carry::kBoth, Internal::kNone});
  const Carry rest = carry == "key" ? Carry::kKey : Carry::kBoth;
  if (data || internal == "none") {
    out.push_back(
        {data ? "--carry both --internal block" : "--internal block", rest, Internal::kBlock});
  }
  if (data || internal != "all") {
    out.push_back({data ? "--carry both --internal all" : "--internal all", rest, Internal::kAll});
  }
  return out;
}

// Where the setting puts locks that the encrypted model has not; empty when it fits no better.
std::vector<std::string> added_locks(const Model& original, const SealedPlan& sealed,
                                     const Setting& setting) {
  LockOptions options;
  options.carry = setting.carry;
  options.internal = setting.internal;
  options.infer.opaque_caches = option(sealed, "cache") != "plain";
  options.infer.dims = {sealed.plan.bound_dims.begin(), sealed.plan.bound_dims.end()};
  const auto analysis = analyse(original, options);
  if (!analysis) return {};
  std::set<std::pair<std::string, std::uint32_t>> present;
  for (const PlanLock& lock : sealed.plan.locks) present.emplace(lock.value, lock.axis);
  std::vector<std::string> out;
  for (const PlanLock& lock : analysis->plan.locks) {
    if (!present.contains({lock.value, lock.axis})) out.push_back(lock.value);
  }
  return out;
}

}  // namespace

std::string lock_advice(const Model& original, const SealedPlan& sealed) {
  for (const Setting& setting : further_settings(sealed)) {
    const auto added = added_locks(original, sealed, setting);
    if (added.empty()) continue;
    constexpr std::size_t kShown = 3;
    std::string where;
    for (std::size_t i = 0; i < std::min(kShown, added.size()); ++i) {
      where += (i ? ", " : "") + in_quotes(added[i]);
    }
    if (added.size() > kShown) where += ", ...";
    return fmt::format("the model is not protected: encrypt with {}, which adds {} {} (on {})",
                       setting.text, added.size(), added.size() == 1 ? "lock" : "locks", where);
  }
  return "the model is not protected, and no setting of --internal adds a lock: permcrypt inspect "
         "shows which axes stay and why, and --dim frees some of them";
}

}  // namespace permcrypt
