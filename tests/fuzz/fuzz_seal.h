// Encrypted models that hold a plan which nobody made.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/hex.h"
#include "fuzz_folder.h"
#include "write/little_endian.h"
#include "write/manifest.h"

namespace permcrypt::fuzz {

// A plan may ask for as much memory as it likes: only who has the key can seal one.
inline bool is_small(const Plan& plan) {
  constexpr std::uint64_t kMost = 1 << 20;
  const auto fits = [](const AxisMap& map) { return !map.moves() || map.extent <= kMost; };
  const auto all_fit = [&](const std::vector<AxisMap>& axes) {
    return std::ranges::all_of(axes, fits);
  };
  return std::ranges::all_of(plan.groups,
                             [&](const PlanGroup& g) { return g.size * g.fibres <= kMost; }) &&
         std::ranges::all_of(plan.tensors,
                             [&](const PlanTensor& t) {
                               return all_fit(t.axes) && (!t.values || fits(*t.values));
                             }) &&
         std::ranges::all_of(plan.sparse, [&](const PlanSparse& t) { return all_fit(t.axes); }) &&
         std::ranges::all_of(plan.caches, [&](const PlanCache& c) { return all_fit(c.axes); }) &&
         std::ranges::all_of(
             plan.locks, [&](const PlanLock& l) { return fits(l.upstream) && fits(l.downstream); });
}

// The model with a manifest, of a text that holds both as encrypted_fuzzer.cpp says; nothing where
// the plan is none, or too large.
inline std::optional<std::string> sealed_file(std::string_view text) {
  if (text.size() < 8) return std::nullopt;
  const std::uint64_t length = number_at(text, 0);
  text.remove_prefix(8);
  if (length > text.size()) return std::nullopt;
  const auto sealed = parse_sealed_plan(text.substr(0, length));
  if (!sealed || !is_small(sealed->plan)) return std::nullopt;
  std::string file(text.substr(length));
  const OpenManifest open{secret_key().id(), {}};
  const ManifestKeys keys = ManifestKeys::derive(KeySchedule(secret_key(), open.salt));
  CopyResult copied;
  copied.outputs.emplace_back();
  append_tags(copied.outputs[0], "", file, keys.mac, 0);
  copied.partial = file.substr(file.size() - file.size() % kChunkBytes);
  return file + make_manifest(open, *sealed, keys, copied);
}

// The inverse, of an encrypted .onnx file and its plan.
inline std::string taken_apart(std::string_view file, const SealedPlan& sealed,
                               std::size_t manifest_bytes) {
  const std::string plan = to_json(sealed);
  std::string out;
  append_number(out, plan.size());
  return out + plan + std::string(file.substr(0, file.size() - manifest_bytes));
}

}  // namespace permcrypt::fuzz
