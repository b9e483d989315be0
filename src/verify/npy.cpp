#include "verify/npy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/quote.h"

namespace permcrypt {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

struct TypeCode {
  std::string_view code;
  std::int32_t type;
};
constexpr std::array kTypeCodes = {
    TypeCode{"f2", onnx::TensorProto::FLOAT16}, TypeCode{"f4", onnx::TensorProto::FLOAT},
    TypeCode{"f8", onnx::TensorProto::DOUBLE},  TypeCode{"i1", onnx::TensorProto::INT8},
    TypeCode{"i2", onnx::TensorProto::INT16},   TypeCode{"i4", onnx::TensorProto::INT32},
    TypeCode{"i8", onnx::TensorProto::INT64},   TypeCode{"u1", onnx::TensorProto::UINT8},
    TypeCode{"u2", onnx::TensorProto::UINT16},  TypeCode{"u4", onnx::TensorProto::UINT32},
    TypeCode{"u8", onnx::TensorProto::UINT64},  TypeCode{"b1", onnx::TensorProto::BOOL},
};

struct Header {
  std::string descr;
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
};

// The header is a Python dictionary of three entries: {'descr': '<f4', 'fortran_order': False,
// 'shape': (2, 3), }. Keys may come in any order.
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  std::optional<Header> parse() {
    Header header;
    unsigned seen = 0;
    if (!accept('{')) return std::nullopt;
    while (!accept('}')) {
      const auto key = string();
      if (!key || !accept(':')) return std::nullopt;
      if (*key == "descr") {
        auto value = string();
        if (!value) return std::nullopt;
        header.descr = *value;
        seen |= 1;
      } else if (*key == "fortran_order") {
        header.fortran_order = word("True");
        if (!header.fortran_order && !word("False")) return std::nullopt;
        seen |= 2;
      } else if (*key == "shape") {
        if (!tuple(header.shape)) return std::nullopt;
        seen |= 4;
      } else {
        return std::nullopt;
      }
      if (!accept(',') && !at('}')) return std::nullopt;
    }
    skip_space();
    if (seen != 7 || !text_.empty()) return std::nullopt;
    return header;
  }

 private:
  void skip_space() {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\n')) text_.remove_prefix(1);
  }
  bool at(char c) {
    skip_space();
    return text_.starts_with(c);
  }
  bool accept(char c) {
    if (!at(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool word(std::string_view expected) {
    skip_space();
    if (!text_.starts_with(expected)) return false;
    text_.remove_prefix(expected.size());
    return true;
  }
  std::optional<std::string_view> string() {
    skip_space();
    if (text_.empty() || (text_[0] != '\'' && text_[0] != '"')) return std::nullopt;
    const std::size_t end = text_.find(text_[0], 1);
    if (end == text_.npos) return std::nullopt;
    const std::string_view value = text_.substr(1, end - 1);
    text_.remove_prefix(end + 1);
    return value;
  }
  bool tuple(std::vector<std::int64_t>& values) {
    if (!accept('(')) return false;
    while (!accept(')')) {
      skip_space();
      std::int64_t value = 0;
      const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
      if (error != std::errc() || value < 0 || values.size() == 64) return false;
      text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
      values.push_back(value);
      if (!accept(',') && !at(')')) return false;
    }
    return true;
  }

  std::string_view text_;
};

// Splits off magic, version and header. `npy` keeps the data.
std::optional<Header> take_header(std::string_view& npy) {
  if (!npy.starts_with(kMagic) || npy.size() < 12) return std::nullopt;
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(npy[i]); };
  const unsigned version = byte(6);
  if (version < 1 || version > 3) return std::nullopt;
  const std::size_t start = version == 1 ? 10 : 12;
  std::size_t length = byte(8) | byte(9) << 8;
  if (version > 1) length |= std::size_t{byte(10)} << 16 | std::size_t{byte(11)} << 24;
  if (length > npy.size() - start) return std::nullopt;
  const std::string_view header = npy.substr(start, length);
  npy.remove_prefix(start + length);
  return HeaderParser(header).parse();
}

// Data whose first index runs fastest, to data whose last does.
std::string to_row_major(std::string_view data, const std::vector<std::int64_t>& shape,
                         std::size_t width) {
  std::string result;
  result.reserve(data.size());
  std::vector<std::size_t> strides(shape.size()), index(shape.size(), 0);
  std::size_t stride = width;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    strides[axis] = stride;
    stride *= static_cast<std::size_t>(shape[axis]);
  }
  std::size_t from = 0;
  while (result.size() < data.size()) {
    result.append(data.substr(from, width));
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      from += strides[axis];
      if (++index[axis] < static_cast<std::size_t>(shape[axis])) break;
      from -= strides[axis] * index[axis];
      index[axis] = 0;
    }
  }
  return result;
}

}  // namespace

Result<TensorData> decode_npy(std::string_view npy, std::string name) {
  const auto refuse = [&](std::string_view why) {
    const std::string which = name.empty() ? "" : "array " + in_quotes(name) + ": ";
    return fail(ErrorKind::kInput, fmt::format("{}{}", which, why));
  };
  std::optional<Header> header = take_header(npy);
  if (!header) return refuse("not in NumPy's format");
  const std::string_view descr = header->descr;
  const std::string_view code = descr.substr(std::min<std::size_t>(1, descr.size()));
  const auto type = std::ranges::find(kTypeCodes, code, &TypeCode::code);
  if (type == kTypeCodes.end() || (descr[0] == '>' && code[1] != '1') ||
      std::string_view("<|=>").find(descr[0]) == std::string_view::npos) {
    return refuse(fmt::format("elements of type {} are not supported", in_quotes(descr)));
  }
  const auto size = byte_size(type->type, header->shape);
  if (!size || *size != npy.size()) return refuse("its shape does not fit its data");
  TensorData tensor{std::move(name), type->type, std::move(header->shape), {}};
  tensor.bytes = header->fortran_order
                     ? to_row_major(npy, tensor.shape, static_cast<std::size_t>(code[1] - '0'))
                     : std::string(npy);
  return tensor;
}

Result<std::string> encode_npy(const TensorData& tensor) {
  const auto type = std::ranges::find(kTypeCodes, tensor.type, &TypeCode::type);
  if (type == kTypeCodes.end()) {
    return fail(ErrorKind::kOutput,
                fmt::format("tensor {}: NumPy has no type for {}", in_quotes(tensor.name),
                            type_name(tensor.type)),
                "take inputs from a folder of .pb files: outputs are written in the same layout");
  }
  const std::string_view comma = tensor.shape.size() == 1 ? "," : "";
  std::string header = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}{}), }}",
                                   type->code[1] == '1' ? '|' : '<', type->code,
                                   fmt::join(tensor.shape, ", "), comma);
  // The data starts at a multiple of 64.
  constexpr std::size_t kPrefix = 10, kAlignment = 64;
  const std::size_t used = kPrefix + header.size() + 1;
  header.append((kAlignment - used % kAlignment) % kAlignment, ' ');
  header += '\n';
  std::string npy(kMagic);
  npy += {'\x01', '\x00', static_cast<char>(header.size() & 0xff),
          static_cast<char>(header.size() >> 8)};
  return npy + header + tensor.bytes;
}

}  // namespace permcrypt
