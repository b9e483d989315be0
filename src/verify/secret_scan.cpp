#include "verify/secret_scan.h"

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

#include "base/mapped_file.h"
#include "base/page_budget.h"
#include "base/parallel.h"
#include "read/wire.h"

namespace permcrypt {
namespace {

constexpr int kFilterBits = 20;
constexpr std::uint64_t kStretch = 16 << 20;
constexpr std::size_t kMostHits = 16;  // in one stretch

template <class Int>
std::string little_endian(std::span<const std::uint32_t> indices) {
  std::string out;
  for (const std::uint32_t index : indices) {
    for (std::size_t i = 0; i < sizeof(Int); ++i) {
      out.push_back(static_cast<char>(static_cast<std::uint64_t>(index) >> (8 * i)));
    }
  }
  return out;
}

// What counts up from zero hides nothing.
bool says_anything(std::span<const std::uint32_t> indices) {
  std::uint32_t next = 0;
  return indices.size() >= SecretScan::kFewestIndices &&
         !std::ranges::all_of(indices, [&](std::uint32_t index) { return index == next++; });
}

// A part of a file that one thread looks through.
struct Stretch {
  std::uint32_t file = 0;
  std::uint64_t begin = 0, end = 0;
};

void add_stretches(std::uint32_t file, std::uint64_t begin, std::uint64_t end,
                   std::vector<Stretch>& out) {
  for (; begin < end; begin += std::min(kStretch, end - begin)) {
    out.push_back({file, begin, begin + std::min(kStretch, end - begin)});
  }
}

}  // namespace

SecretScan::SecretScan() : seen_(std::size_t{1} << kFilterBits) {}

std::uint64_t SecretScan::signature(const char* bytes) {
  std::uint64_t low, high;
  std::memcpy(&low, bytes, sizeof low);
  std::memcpy(&high, bytes + sizeof low, sizeof high);
  const std::uint64_t mixed = low * 0x9e3779b97f4a7c15 + high * 0xc2b2ae3d27d4eb4f;
  return mixed ^ mixed >> 29;
}

void SecretScan::add_pattern(std::string_view first_bytes, const Pattern& pattern) {
  const std::uint64_t key = signature(first_bytes.data()) * 0x9e3779b97f4a7c15;
  seen_[key >> (64 - kFilterBits)] = true;
  by_signature_.emplace(key, patterns_.size());
  patterns_.push_back(pattern);
}

void SecretScan::add(std::size_t secret, std::string bytes) {
  if (bytes.size() < kFewestBytes) return;
  const auto text = static_cast<std::uint32_t>(bytes_.size());
  bytes_.push_back(std::move(bytes));
  add_pattern(bytes_.back(), {.secret = secret, .text = text});
}

std::string SecretScan::stored(std::span<const std::uint32_t> indices, Form form) {
  if (form == Form::kInt32) return little_endian<std::int32_t>(indices);
  if (form == Form::kInt64) return little_endian<std::int64_t>(indices);
  std::string varints;
  for (const std::uint32_t index : indices) wire::append_varint(varints, index);
  return varints;
}

std::string SecretScan::bytes_of(const Pattern& pattern) const {
  if (!pattern.order) return bytes_[pattern.text];
  if (!pattern.inverted) return stored(pattern.order->old_of_new(), pattern.form);
  return stored(pattern.order->inverse().old_of_new(), pattern.form);
}

void SecretScan::add_indices(std::size_t secret, std::span<const std::uint32_t> indices) {
  if (!says_anything(indices)) return;
  for (const Form form : {Form::kInt32, Form::kInt64, Form::kVarint})
    add(secret, stored(indices, form));
}

void SecretScan::add_order(std::size_t secret, const Permutation& order) {
  for (const bool inverted : {false, true}) {
    const std::vector<std::uint32_t> indices =
        inverted ? order.inverse().old_of_new() : order.old_of_new();
    if (!says_anything(indices)) return;
    for (const Form form : {Form::kInt32, Form::kInt64, Form::kVarint}) {
      // As many as kFewestBytes can be.
      const auto begin = std::span(indices).first(std::min(indices.size(), kFewestBytes));
      const std::string first_bytes = stored(begin, form);
      if (first_bytes.size() < kFewestBytes) continue;
      add_pattern(first_bytes,
                  {.secret = secret, .order = &order, .form = form, .inverted = inverted});
    }
  }
}

void SecretScan::scan(std::string_view file, std::uint64_t begin, std::uint64_t end,
                      std::vector<Hit>& hits) const {
  for (std::uint64_t at = begin; at < end && at + kFewestBytes <= file.size(); ++at) {
    const std::uint64_t key = signature(file.data() + at) * 0x9e3779b97f4a7c15;
    if (!seen_[key >> (64 - kFilterBits)]) continue;
    const auto [first, last] = by_signature_.equal_range(key);
    for (auto it = first; it != last; ++it) {
      const Pattern& pattern = patterns_[it->second];
      const std::string bytes = bytes_of(pattern);
      if (file.substr(at, bytes.size()) != bytes) continue;
      hits.push_back({pattern.secret, 0, at});
      if (hits.size() == kMostHits) return;
    }
  }
}

Result<std::vector<SecretScan::Hit>> SecretScan::find(
    const std::vector<std::filesystem::path>& paths, std::span<const ByteSpan> cleared,
    unsigned threads) const {
  std::vector<MappedFile> files;
  std::vector<Stretch> stretches;
  for (const auto& path : paths) {
    auto file = MappedFile::open(path);
    if (!file) return fail(file.error());
    const auto number = static_cast<std::uint32_t>(files.size());
    std::uint64_t at = 0;
    for (const ByteSpan& span : cleared) {
      if (span.file != number) continue;
      add_stretches(number, at, span.offset, stretches);
      at = span.offset + span.length;
    }
    add_stretches(number, at, file->size(), stretches);
    files.push_back(*std::move(file));
  }
  PageBudget pages;
  std::vector<std::vector<Hit>> found(stretches.size());
  auto done = parallel_for(stretches.size(), threads, [&](std::size_t i) -> Result<void> {
    const auto [file, begin, end] = stretches[i];
    scan(files[file].bytes(), begin, end, found[i]);
    for (Hit& hit : found[i]) hit.file = file;
    pages.spend(files, std::max(end - begin, kBytesOfALook));
    return {};
  });
  if (!done) return fail(done.error());
  std::vector<Hit> out;
  for (const auto& hits : found) out.insert(out.end(), hits.begin(), hits.end());
  return out;
}

}  // namespace permcrypt
