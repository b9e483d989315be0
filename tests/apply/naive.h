// What gathering means, one element at a time.
#pragma once

#include <cstdint>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "permcrypt/apply.h"

namespace permcrypt::test {

inline Permutation shuffled(std::size_t size, std::mt19937& random) {
  std::vector<std::uint32_t> order(size);
  std::iota(order.begin(), order.end(), 0u);
  for (std::size_t i = size; i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  return Permutation(std::move(order));
}

inline std::string noise(std::size_t size, std::mt19937& random) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// The input element of each output element, both numbered as if rows had no padding.
inline std::vector<std::uint64_t> sources(const PayloadMove& move,
                                          const std::vector<Permutation>& permutations) {
  const auto& shape = move.view.shape;
  std::uint64_t count = 1;
  for (const std::uint64_t extent : shape) count *= extent;
  std::vector<std::uint64_t> result;
  for (std::uint64_t element = 0; element < count; ++element) {
    std::uint64_t source = 0, below = count, rest = element;
    for (std::size_t i = 0; i < shape.size(); ++i) {
      below /= shape[i];
      const std::uint64_t index = rest / below;
      rest %= below;
      const std::uint32_t axis = move.axes[i];
      source += (axis == kNone ? index : permutations[axis][index]) * below;
    }
    result.push_back(source);
  }
  return result;
}

// Where an element lies, counted in elements, padding included.
inline std::uint64_t position(const ElementView& view, std::uint64_t element) {
  const std::uint64_t columns = view.shape.empty() ? 1 : view.shape.back();
  const std::uint64_t stride = view.row_stride == 0 ? columns : view.row_stride;
  return element / columns * stride + element % columns;
}

inline std::string naive_gather(const PayloadMove& move, const std::string& payload,
                                const std::vector<Permutation>& permutations) {
  std::string out = payload;
  const auto from = sources(move, permutations);
  for (std::uint64_t element = 0; element < from.size(); ++element) {
    const std::uint64_t target = position(move.view, element);
    const std::uint64_t source = position(move.view, from[element]);
    if (move.view.bits == 4) {
      const auto byte = static_cast<unsigned char>(payload[source / 2]);
      const int value = source % 2 == 0 ? byte & 15 : byte >> 4;
      const auto old = static_cast<unsigned char>(out[target / 2]);
      out[target / 2] =
          static_cast<char>(target % 2 == 0 ? (old & 0xf0) | value : (old & 15) | value << 4);
    } else {
      const std::uint64_t width = move.view.bits / 8;
      out.replace(target * width, width, payload, source * width, width);
    }
  }
  return out;
}

// A move of a payload of this shape, with the axes in `moving` (a bit each) shuffled.
struct Case {
  PayloadMove move;
  std::vector<Permutation> permutations;
  std::string payload;
};

inline Case make_case(std::vector<std::uint64_t> shape, unsigned moving, unsigned bits,
                      std::uint64_t padding, std::mt19937& random) {
  Case c;
  std::uint64_t rows = 1;
  for (std::size_t i = 0; i + 1 < shape.size(); ++i) rows *= shape[i];
  const std::uint64_t columns = shape.empty() ? 1 : shape.back();
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if ((moving >> i & 1) != 0) {
      c.move.axes.push_back(static_cast<std::uint32_t>(c.permutations.size()));
      c.permutations.push_back(shuffled(shape[i], random));
    } else {
      c.move.axes.push_back(kNone);
    }
  }
  c.move.name = "weight";
  c.move.view = {bits, std::move(shape), columns + padding, Encoding::kFixed};
  c.move.length = (rows * (columns + padding) * bits + 7) / 8;
  c.payload = noise(c.move.length, random);
  return c;
}

}  // namespace permcrypt::test
