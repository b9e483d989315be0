// Records of a graph as four bytes each.
#include <sodium.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "write/graph_records.h"

namespace permcrypt {
namespace {

constexpr std::size_t kHashBytes = 4;
using Hash = std::array<char, kHashBytes>;

Hash hash(const std::string& form, std::string_view key) {
  Hash out;
  std::array<unsigned char, crypto_generichash_BYTES> whole;
  crypto_generichash(whole.data(), whole.size(),
                     reinterpret_cast<const unsigned char*>(form.data()), form.size(),
                     reinterpret_cast<const unsigned char*>(key.data()), key.size());
  std::copy_n(whole.begin(), out.size(), out.begin());
  return out;
}

std::string sorted(std::vector<Hash> hashes) {
  std::ranges::sort(hashes);
  const auto repeated = std::ranges::unique(hashes);
  hashes.erase(repeated.begin(), repeated.end());
  std::string out;
  for (const Hash& one : hashes) out.append(one.data(), one.size());
  return out;
}

}  // namespace

std::string hash_records(const std::vector<GraphRecord>& records, std::string_view key) {
  std::vector<Hash> hashes;
  for (const GraphRecord& record : records) hashes.push_back(hash(record.forms[0], key));
  return sorted(std::move(hashes));
}

std::string hash_graph(const onnx::ModelProto& structure, PayloadReader& payloads, const Plan& plan,
                       std::string_view key) {
  std::vector<Hash> hashes;
  for_each_record(structure, payloads, plan,
                  [&](const GraphRecord& record) { hashes.push_back(hash(record.forms[0], key)); });
  return sorted(std::move(hashes));
}

std::vector<GraphRecord> unknown_records(const std::vector<GraphRecord>& records,
                                         std::string_view hashes, std::string_view key) {
  std::set<Hash> known;
  for (std::size_t at = 0; at + kHashBytes <= hashes.size(); at += kHashBytes) {
    Hash one;
    std::copy_n(hashes.begin() + static_cast<std::ptrdiff_t>(at), kHashBytes, one.begin());
    known.insert(one);
  }
  std::vector<GraphRecord> out;
  for (const GraphRecord& record : records) {
    const bool found = std::ranges::any_of(
        record.forms, [&](const std::string& form) { return known.contains(hash(form, key)); });
    if (!found) out.push_back(record);
  }
  return out;
}

}  // namespace permcrypt
