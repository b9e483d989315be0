#include "verify/client_data.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "base/quote.h"

namespace permcrypt {
namespace {

tl::unexpected<Error> unfit(const TensorData& tensor, const std::string& why) {
  return fail(ErrorKind::kInput, in_quotes(tensor.name) + " does not fit the model: " + why,
              "give it as the original model takes or gives it");
}

// What the axes from `axis` on have to be.
std::vector<std::int64_t> extents_of(const ClientMap& map) {
  std::vector<std::int64_t> out;
  for (const auto& digits : map.joint.digits) {
    out.push_back(1);
    for (const std::uint64_t digit : digits) out.back() *= static_cast<std::int64_t>(digit);
  }
  if (map.joint.empty()) out.push_back(static_cast<std::int64_t>(map.index.front().size()));
  return out;
}

bool fits(const std::vector<std::int64_t>& shape, const ClientMap& map) {
  const std::vector<std::int64_t> extents = extents_of(map);
  if (shape.size() < map.axis + extents.size()) return false;
  const bool last = map.joint.empty() || shape.size() == map.axis + extents.size();
  return last && std::equal(extents.begin(), extents.end(), shape.begin() + map.axis);
}

// The order of `extents` in place: entry of the arranged digits -> entry of the digits.
std::vector<std::uint32_t> arrangement(const JointAxes& joint) {
  std::vector<std::uint64_t> digits;
  for (const auto& axis : joint.digits) digits.insert(digits.end(), axis.begin(), axis.end());
  std::vector<std::uint64_t> strides(digits.size(), 1);
  for (std::size_t i = digits.size(); i-- > 1;) strides[i - 1] = strides[i] * digits[i];
  std::vector<std::uint32_t> out{0};
  for (const std::uint32_t digit : joint.order) {
    std::vector<std::uint32_t> longer;
    longer.reserve(out.size() * digits[digit]);
    for (const std::uint32_t base : out) {
      for (std::uint64_t i = 0; i < digits[digit]; ++i) {
        longer.push_back(base + static_cast<std::uint32_t>(i * strides[digit]));
      }
    }
    out = std::move(longer);
  }
  return out;
}

// new[j] = old[index[j]] over the axis, or over all axes from it on.
std::vector<std::uint32_t> flat_index(const ClientMap& map) {
  Permutation whole = map.index.front();
  for (std::size_t i = 1; i < map.index.size(); ++i) {
    whole = Permutation::product(whole, map.index[i]);
  }
  if (map.joint.empty()) return whole.old_of_new();
  const std::vector<std::uint32_t> place = arrangement(map.joint);
  std::vector<std::uint32_t> out(place.size());
  for (std::uint32_t i = 0; i < out.size(); ++i) out[place[i]] = place[whole[i]];
  return out;
}

Result<TensorData> moved(const TensorData& tensor, const ClientMap& map) {
  const std::vector<std::uint32_t> index = flat_index(map);
  const std::uint64_t extent = index.size();
  if (!fits(tensor.shape, map)) {
    return unfit(tensor, "its shape is " + shape_text(tensor.shape) + ", and from axis " +
                             std::to_string(map.axis) + " on it should be " +
                             shape_text(extents_of(map)));
  }
  std::uint64_t blocks = 1;
  for (std::size_t k = 0; k < map.axis; ++k) blocks *= static_cast<std::uint64_t>(tensor.shape[k]);
  if (blocks == 0 || tensor.bytes.empty()) return tensor;
  const std::size_t run = tensor.bytes.size() / blocks / extent;
  if (run * extent * blocks != tensor.bytes.size()) return unfit(tensor, "packed elements");
  TensorData out = tensor;
  for (std::uint64_t block = 0; block < blocks; ++block) {
    const std::size_t base = block * extent * run;
    for (std::size_t i = 0; i < extent; ++i) {
      std::memcpy(out.bytes.data() + base + i * run, tensor.bytes.data() + base + index[i] * run,
                  run);
    }
  }
  return out;
}

template <class Id>
std::optional<std::string> renumbered_ids(const std::string& bytes, const Permutation& index) {
  std::string out = bytes;
  const auto size = static_cast<std::int64_t>(index.size());
  for (std::size_t at = 0; at + sizeof(Id) <= bytes.size(); at += sizeof(Id)) {
    Id id;
    std::memcpy(&id, bytes.data() + at, sizeof id);
    const std::int64_t place = id < 0 ? id + size : id;  // as Gather counts
    if (place < 0 || place >= size) return std::nullopt;
    id = static_cast<Id>(index[static_cast<std::size_t>(place)]);
    std::memcpy(out.data() + at, &id, sizeof id);
  }
  return out;
}

Result<TensorData> renumbered(const TensorData& tensor, const ClientMap& map) {
  using T = onnx::TensorProto;
  std::optional<std::string> bytes;
  if (tensor.type == T::INT64)
    bytes = renumbered_ids<std::int64_t>(tensor.bytes, map.index.front());
  if (tensor.type == T::INT32)
    bytes = renumbered_ids<std::int32_t>(tensor.bytes, map.index.front());
  if (!bytes) {
    return unfit(
        tensor, "it holds other things than ids below " + std::to_string(map.index.front().size()));
  }
  return TensorData{tensor.name, tensor.type, tensor.shape, *std::move(bytes)};
}

Result<std::vector<TensorData>> mapped(std::vector<TensorData> tensors,
                                       std::span<const ClientMap> maps, Carrier side) {
  for (TensorData& tensor : tensors) {
    for (const ClientMap& map : maps) {
      if (map.carrier != side || map.value != tensor.name) continue;
      auto result = map.ids ? renumbered(tensor, map) : moved(tensor, map);
      if (!result) return fail(result.error());
      tensor = *std::move(result);
    }
  }
  return tensors;
}

}  // namespace

Result<std::vector<TensorData>> scrambled(std::vector<TensorData> inputs,
                                          std::span<const ClientMap> maps) {
  return mapped(std::move(inputs), maps, Carrier::kInput);
}

Result<std::vector<TensorData>> unscrambled(std::vector<TensorData> outputs,
                                            std::span<const ClientMap> maps) {
  return mapped(std::move(outputs), maps, Carrier::kOutput);
}

}  // namespace permcrypt
