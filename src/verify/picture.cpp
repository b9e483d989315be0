#include "verify/picture.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/quote.h"
#include "verify/client_data.h"

namespace permcrypt {
namespace {

using Shape = std::vector<std::int64_t>;

// A batch of one, if there are four axes, of a picture with these extents.
bool fits(const Shape& declared, Shape extents) {
  if (declared.size() == 4) extents.insert(extents.begin(), 1);
  return std::ranges::equal(declared, extents,
                            [](std::int64_t d, std::int64_t e) { return d == -1 || d == e; });
}

Shape channels_first(const Shape& picture) { return {picture[2], picture[0], picture[1]}; }

// [rows, columns] -> [columns, rows], of elements of `width` bytes.
std::string transposed(const std::string& bytes, std::size_t columns, std::size_t width) {
  const std::size_t rows = bytes.size() / width / columns;
  std::string out(bytes.size(), '\0');
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) {
      std::memcpy(out.data() + (c * rows + r) * width, bytes.data() + (r * columns + c) * width,
                  width);
    }
  }
  return out;
}

std::size_t width_of(const TensorData& tensor) {
  return tensor.type == onnx::TensorProto::UINT16 ? 2 : 1;
}

// "'image' is [any, 3, 224, 224]", for each.
std::string shapes_of(std::span<const ClientValue> values) {
  std::string out;
  for (const ClientValue& value : values) {
    std::string shape;
    for (const std::int64_t d : value.shape) {
      shape += (shape.empty() ? "" : ", ") + (d < 0 ? "any" : std::to_string(d));
    }
    out += (out.empty() ? "" : ", ") + in_quotes(value.name) + " is [" + shape + "]";
  }
  return out;
}

std::string extents_of(const TensorData& picture) {
  return std::to_string(picture.shape[1]) + " x " + std::to_string(picture.shape[0]) + " with " +
         std::to_string(picture.shape[2]) + (picture.shape[2] == 1 ? " channel" : " channels");
}

TensorData as_value(const TensorData& picture, const ClientValue& value, bool first) {
  TensorData out{value.name, picture.type, first ? channels_first(picture.shape) : picture.shape,
                 picture.bytes};
  if (first) {
    const auto channels = static_cast<std::size_t>(picture.shape[2]);
    out.bytes = transposed(picture.bytes, channels, width_of(picture));
  }
  if (value.shape.size() == 4) out.shape.insert(out.shape.begin(), 1);
  return out;
}

bool is_channels_first(const TensorData& value, const TensorData& picture) {
  return std::ranges::equal(std::span(value.shape).last(3), channels_first(picture.shape));
}

}  // namespace

Result<TensorData> picture_as_value(const TensorData& picture,
                                    std::span<const ClientValue> values) {
  std::vector<std::pair<const ClientValue*, bool>> ways;
  for (const ClientValue& value : values) {
    const bool first = fits(value.shape, channels_first(picture.shape));
    const bool last = fits(value.shape, picture.shape);
    if (first) ways.emplace_back(&value, true);
    if (last) ways.emplace_back(&value, false);
  }
  if (ways.size() == 1) return as_value(picture, *ways[0].first, ways[0].second);
  if (ways.empty()) {
    return fail(ErrorKind::kInput,
                "the picture is " + extents_of(picture) + ", and " + shapes_of(values),
                "scale or convert the picture first, or give the numbers as .npy");
  }
  return fail(ErrorKind::kInput,
              "a picture of " + extents_of(picture) + " fits the model in " +
                  std::to_string(ways.size()) + " ways",
              "give the numbers as .npz, under the name they are for");
}

TensorData value_as_picture(const TensorData& value, const TensorData& picture) {
  TensorData out = picture;
  out.bytes = value.bytes;
  if (is_channels_first(value, picture)) {
    const auto pixels = static_cast<std::size_t>(picture.shape[0] * picture.shape[1]);
    out.bytes = transposed(value.bytes, pixels, width_of(value));
  }
  return out;
}

Result<bool> channels_move(const TensorData& value, const TensorData& picture,
                           std::span<const ClientMap> maps) {
  TensorData numbers{value.name, onnx::TensorProto::UINT8, value.shape, {}};
  const auto channels = static_cast<std::size_t>(picture.shape[2]);
  const auto pixels = static_cast<std::size_t>(picture.shape[0] * picture.shape[1]);
  for (std::size_t c = 0; c < channels; ++c) {
    numbers.bytes += std::string(pixels, static_cast<char>(c));
  }
  if (!is_channels_first(value, picture)) {
    numbers.bytes = transposed(numbers.bytes, pixels, 1);
  }
  // What goes in by these maps moves as what comes out by them.
  auto in = scrambled({numbers}, maps);
  if (!in) return fail(in.error());
  auto out = unscrambled({numbers}, maps);
  if (!out) return fail(out.error());
  return (*in)[0].bytes != numbers.bytes || (*out)[0].bytes != numbers.bytes;
}

}  // namespace permcrypt
