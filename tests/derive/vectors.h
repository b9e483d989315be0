// The test vectors of testdata/vectors/: a list of {"input": ..., "expected": ...} per file.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "permcrypt/key.h"

namespace permcrypt::vectors {

inline nlohmann::json load(const std::string& name) {
  std::ifstream file(PERMCRYPT_SOURCE_DIR "/testdata/vectors/" + name + ".json");
  nlohmann::json cases = nlohmann::json::parse(file);
  REQUIRE(!cases.empty());
  return cases;
}

inline std::string from_hex(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

template <class Bytes>
std::string to_hex(const Bytes& bytes) {
  std::string text;
  for (unsigned char byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

template <std::size_t N>
std::array<std::uint8_t, N> array_from_hex(const std::string& text) {
  const std::string bytes = from_hex(text);
  REQUIRE(bytes.size() == N);
  std::array<std::uint8_t, N> result;
  std::copy(bytes.begin(), bytes.end(), result.begin());
  return result;
}

inline SecretKey key_from_hex(const std::string& text) {
  const std::string bytes = from_hex(text);
  REQUIRE(bytes.size() == SecretKey::kSize);
  return SecretKey::from_bytes(bytes);
}

// Of a fibred group: a list of the orders of its fibres.
inline bool is_fibred(const nlohmann::json& order) { return order.at(0).is_array(); }

inline Permutation permutation_from(const nlohmann::json& order) {
  if (!is_fibred(order)) return Permutation(order.get<std::vector<std::uint32_t>>());
  Permutation all;
  for (const auto& fibre : order) all = Permutation::sum(all, permutation_from(fibre));
  return all;
}

}  // namespace permcrypt::vectors
