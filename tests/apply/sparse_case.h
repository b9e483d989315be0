// Sparse tensors and what permuting them means: the whole tensor, one element at a time.
#pragma once

#include <cstring>
#include <map>
#include <set>

#include "apply/naive.h"

namespace permcrypt::test {

inline std::string varint(std::uint64_t value) {
  std::string out;
  for (; value > 127; value >>= 7) out += static_cast<char>(value | 128);
  return out + static_cast<char>(value);
}

struct SparseCase {
  PayloadMove values, indices;  // `file` and offsets are to be set
  std::vector<Permutation> permutations;
  std::string values_before, indices_before, values_after, indices_after;
};

// The indices of `elements`, row-major numbers, as they are stored.
inline std::string stored_indices(const PayloadMove& move,
                                  const std::vector<std::uint64_t>& elements) {
  std::string out;
  const auto add = [&](std::uint64_t number) {
    if (move.sparse->encoding == Encoding::kFixed) {
      out.append(reinterpret_cast<const char*>(&number), sizeof number);
    } else {
      if (move.sparse->encoding == Encoding::kTagged) out += '\x38';  // int64_data
      out += varint(number);
    }
  };
  for (const std::uint64_t element : elements) {
    if (!move.sparse->coordinates) {
      add(element);
      continue;
    }
    std::uint64_t below = 1;
    for (const std::uint64_t extent : move.view.shape) below *= extent;
    std::uint64_t rest = element;
    for (const std::uint64_t extent : move.view.shape) {
      below /= extent;
      add(rest / below);
      rest %= below;
    }
  }
  return out;
}

// A tensor of this shape, with some of its elements stored, and the axes in `moving` (a bit each)
// shuffled.
inline SparseCase make_sparse_case(const std::vector<std::uint64_t>& shape, unsigned moving,
                                   std::size_t entries, bool coordinates, std::mt19937& random,
                                   Encoding encoding = Encoding::kFixed) {
  const Case dense = make_case(shape, moving, 32, 0, random);
  SparseCase c;
  c.permutations = dense.permutations;
  const auto from = sources(dense.move, dense.permutations);
  std::set<std::uint64_t> chosen;
  while (chosen.size() < entries) chosen.insert(random() % from.size());
  std::map<std::uint64_t, std::string> stored;
  for (const std::uint64_t element : chosen) stored[element] = noise(4, random);

  c.values = dense.move;
  c.values.length = 4 * entries;
  c.values.sparse = SparseMove{};
  c.values.sparse->entries = entries;
  c.values.sparse->coordinates = coordinates;
  c.values.sparse->encoding = encoding;
  std::vector<std::uint64_t> after;
  for (std::uint64_t element = 0; element < from.size(); ++element) {
    if (!stored.contains(from[element])) continue;
    after.push_back(element);
    c.values_after += stored[from[element]];
  }
  for (const auto& [element, bytes] : stored) c.values_before += bytes;
  c.indices_before = stored_indices(c.values, {chosen.begin(), chosen.end()});
  c.indices_after = stored_indices(c.values, after);
  c.values.sparse->length = c.indices_before.size();
  c.indices = c.values;
  c.indices.sparse->of_indices = true;
  c.indices.length = c.indices_before.size();
  return c;
}

}  // namespace permcrypt::test
