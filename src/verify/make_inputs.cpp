#include "verify/make_inputs.h"

#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <random>

#include "base/quote.h"
#include "permcrypt/model.h"
#include "read/data_type.h"

namespace permcrypt {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 30;
constexpr std::int64_t kMaxExtent = std::int64_t{1} << 40;  // sums of extents cannot overflow

// The standard fixes the generator's numbers, but not those of its distributions.
using Random = std::mt19937_64;

std::int64_t uniform(Random& random, std::int64_t bound) {
  return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(bound));
}

// The sum of twelve uniform numbers has variance 1, and unlike Box-Muller it needs no function of
// the mathematical library, which may round differently elsewhere.
float normal(Random& random) {
  std::int64_t sum = 0;
  for (int i = 0; i < 4; ++i) {
    const std::uint64_t bits = random();
    for (int part = 0; part < 3; ++part)
      sum += static_cast<std::int64_t>(bits >> (21 * part) & 0x1fffff);
  }
  constexpr std::int64_t kMean = 6 * ((1 << 21) - 1);
  return static_cast<float>(sum - kMean) * 0x1p-21f;
}

// Rounds towards zero. REQUIRES: |value| < 65536.
std::uint16_t to_float16(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value * 0x1p-112f);  // see half.h
  return static_cast<std::uint16_t>(bits >> 16 & 0x8000u) |
         static_cast<std::uint16_t>(bits >> 13 & 0x7fffu);
}

// "a + 2" -> "a", "2". A name that is not a sum is its own only part.
std::vector<std::string_view> summands(std::string_view name) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t plus = name.find('+');
    std::string_view part = name.substr(0, plus);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    parts.push_back(part);
    if (plus == name.npos) return parts;
    name.remove_prefix(plus + 1);
  }
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Gives every dynamic dimension its extent.
class Extents {
 public:
  Extents(std::span<const TensorInfo> inputs, const InputChoices& choices)
      : choices_(choices), named_(choices.dims.begin(), choices.dims.end()) {
    for (const TensorInfo& input : inputs) {
      for (std::size_t axis = 0; axis < input.shape.size(); ++axis) {
        const TensorInfo::Dim& dim = input.shape[axis];
        if (dim.size < 0 && !dim.name.empty() && dim.name.find('+') == dim.name.npos) {
          named_.emplace(dim.name, by_place(input, axis));
        }
      }
    }
  }

  std::int64_t of(const TensorInfo& input, std::size_t axis) const {
    const TensorInfo::Dim& dim = input.shape[axis];
    if (dim.size >= 0) return dim.size;
    if (dim.name.empty()) return by_place(input, axis);
    if (const auto whole = named_.find(dim.name); whole != named_.end()) return whole->second;
    std::int64_t sum = 0;
    for (const std::string_view part : summands(dim.name)) {
      const auto known = named_.find(std::string(part));
      const std::int64_t extent =
          known != named_.end() ? known->second : number(part).value_or(choices_.others);
      sum += std::clamp<std::int64_t>(extent, 0, kMaxExtent);
      sum = std::min(sum, kMaxExtent);
    }
    return sum;
  }

 private:
  std::int64_t by_place(const TensorInfo& input, std::size_t axis) const {
    if (axis == 0) return choices_.batch;
    return choices_.caches.contains(input.name) ? choices_.past : choices_.others;
  }

  const InputChoices& choices_;
  std::map<std::string, std::int64_t> named_;
};

template <class T, class Make>
void fill(TensorData& tensor, std::uint64_t count, Make make) {
  tensor.bytes.resize(count * sizeof(T));
  for (std::uint64_t i = 0; i < count; ++i) {
    const T element = make(i);
    std::memcpy(tensor.bytes.data() + i * sizeof(T), &element, sizeof(T));
  }
}

// The low bytes of each integer.
template <class Make>
void fill_integers(TensorData& tensor, std::uint64_t count, Make make) {
  const auto width = static_cast<std::size_t>(element_bits(tensor.type)) / 8;
  tensor.bytes.reserve(count * width);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::int64_t element = make(i);
    tensor.bytes.append(reinterpret_cast<const char*>(&element), width);
  }
}

// A bound that the type can hold.
std::int64_t clamp_bound(std::int64_t bound, std::int32_t type) {
  const int bits = type == onnx::TensorProto::BOOL ? 2 : std::min(element_bits(type), 63);
  return std::clamp<std::int64_t>(bound, 1, std::int64_t{1} << (bits - 1));
}

// Ones and zeros. The first of each row is a one.
std::vector<std::int64_t> mask_of(const TensorData& tensor, std::uint64_t count, bool padded,
                                  Random& random) {
  constexpr std::int64_t kOneZeroIn = 5;
  const auto row = static_cast<std::uint64_t>(tensor.shape.empty() ? 1 : tensor.shape.back());
  std::uint64_t ones = row;  // in a padded row
  std::vector<std::int64_t> out;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t place = i % row;
    if (!padded) {
      out.push_back(place == 0 || uniform(random, kOneZeroIn) > 0);
      continue;
    }
    if (place == 0 && i > 0) {
      ones = 1 + static_cast<std::uint64_t>(uniform(random, static_cast<std::int64_t>(row)));
    }
    out.push_back(place < ones);
  }
  return out;
}

bool fill(TensorData& tensor, std::uint64_t count, const InputChoices& choices, Random& random) {
  if (choices.masks.contains(tensor.name) && tensor.type == onnx::TensorProto::FLOAT) {
    const auto mask = mask_of(tensor, count, choices.padded_masks, random);
    fill<float>(tensor, count, [&](std::uint64_t i) { return static_cast<float>(mask[i]); });
    return true;
  }
  switch (tensor.type) {
    case onnx::TensorProto::FLOAT:
      fill<float>(tensor, count, [&](std::uint64_t) { return normal(random); });
      return true;
    case onnx::TensorProto::DOUBLE:
      fill<double>(tensor, count, [&](std::uint64_t) { return normal(random); });
      return true;
    case onnx::TensorProto::FLOAT16:
      fill<std::uint16_t>(tensor, count, [&](std::uint64_t) { return to_float16(normal(random)); });
      return true;
    case onnx::TensorProto::BFLOAT16:
      fill<std::uint16_t>(tensor, count, [&](std::uint64_t) {
        return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(normal(random)) >> 16);
      });
      return true;
    default:
      break;
  }
  if (!is_integer(tensor.type)) return false;
  const auto ids = choices.id_bounds.find(tensor.name);
  if (ids != choices.id_bounds.end() || choices.caches.contains(tensor.name)) {
    constexpr std::int64_t kSmall = 16;
    const std::int64_t bound = ids != choices.id_bounds.end() ? ids->second : kSmall;
    const std::int64_t limit = clamp_bound(bound, tensor.type);
    fill_integers(tensor, count, [&](std::uint64_t) { return uniform(random, limit); });
    return true;
  }
  const auto mask = mask_of(tensor, count, choices.padded_masks, random);
  fill_integers(tensor, count, [&](std::uint64_t i) { return mask[i]; });
  return true;
}

}  // namespace

Result<std::vector<TensorData>> make_inputs(std::span<const TensorInfo> inputs,
                                            const InputChoices& choices) {
  const Extents extents(inputs, choices);
  Random random(choices.seed);
  std::vector<TensorData> tensors;
  for (const TensorInfo& input : inputs) {
    TensorData& tensor = tensors.emplace_back(TensorData{input.name, input.type, {}, {}});
    for (std::size_t axis = 0; axis < input.shape.size(); ++axis) {
      tensor.shape.push_back(extents.of(input, axis));
    }
    const auto size = byte_size(tensor.type, tensor.shape);
    if (size.value_or(0) > kMaxBytes) {
      return fail(ErrorKind::kInput,
                  fmt::format("input {} would be larger than 1 GiB with shape {}",
                              in_quotes(input.name), shape_text(tensor.shape)),
                  "give smaller dimensions, or data with --inputs");
    }
    if (!size || !fill(tensor, *element_count(tensor.shape), choices, random)) {
      return fail(ErrorKind::kInput,
                  fmt::format("no values can be made for input {} of {}", in_quotes(input.name),
                              type_name(input.type)),
                  "give data with --inputs");
    }
  }
  return tensors;
}

}  // namespace permcrypt
