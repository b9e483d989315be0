#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/checked.h"
#include "base/half.h"
#include "base/mapped_file.h"
#include "base/page_budget.h"
#include "base/quote.h"
#include "permcrypt/model.h"
#include "read/data_type.h"
#include "read/wire.h"

namespace permcrypt {
namespace {

using onnx::TensorProto;

std::uint64_t fixed_pattern(std::string_view bytes, std::uint64_t at, int bits) {
  if (bits == 4) {
    const auto pair = static_cast<unsigned char>(bytes[at / 2]);
    return at % 2 == 0 ? pair & 15u : pair >> 4;
  }
  const std::uint64_t width = static_cast<std::uint64_t>(bits) / 8;
  std::uint64_t pattern = 0;
  for (std::uint64_t i = width; i-- > 0;) {
    pattern = pattern << 8 | static_cast<unsigned char>(bytes[at * width + i]);
  }
  return pattern;
}

std::uint64_t low_bits(std::uint64_t pattern, int bits) {
  return bits >= 64 ? pattern : pattern & ((std::uint64_t{1} << bits) - 1);
}

// The bit patterns of the elements, each in the low `bits` bits; nothing when the bytes end early.
std::optional<std::vector<std::uint64_t>> patterns(std::string_view bytes, Encoding encoding,
                                                   int bits, std::size_t count) {
  std::vector<std::uint64_t> values;
  values.reserve(count);
  if (encoding == Encoding::kFixed) {
    for (std::size_t i = 0; i < count; ++i) values.push_back(fixed_pattern(bytes, i, bits));
  } else if (encoding == Encoding::kVarint) {
    std::uint64_t at = 0;
    while (const auto value = wire::read_varint(bytes, at, bytes.size())) {
      values.push_back(low_bits(*value, bits));
    }
  } else {
    wire::Cursor cursor(bytes);
    while (const auto field = cursor.next()) values.push_back(low_bits(field->value, bits));
  }
  if (values.size() != count) return std::nullopt;
  return values;
}

std::int64_t to_integer(std::uint64_t pattern, std::int32_t type) {
  if (!is_signed_integer(type)) return static_cast<std::int64_t>(pattern);
  const int unused = 64 - element_bits(type);
  return static_cast<std::int64_t>(pattern << unused) >> unused;
}

double to_double(std::uint64_t pattern, std::int32_t type) {
  switch (type) {
    case TensorProto::FLOAT16:
      return float16_to_float(static_cast<std::uint16_t>(pattern));
    case TensorProto::BFLOAT16:
      return bfloat16_to_float(static_cast<std::uint16_t>(pattern));
    case TensorProto::FLOAT:
      return std::bit_cast<float>(static_cast<std::uint32_t>(pattern));
    default:
      return std::bit_cast<double>(pattern);
  }
}

bool is_float(std::int32_t type) {
  return type == TensorProto::FLOAT || type == TensorProto::DOUBLE ||
         type == TensorProto::FLOAT16 || type == TensorProto::BFLOAT16;
}

// The number of elements, if it is at most `limit`.
std::optional<std::size_t> count_up_to(const std::vector<std::int64_t>& shape, std::size_t limit) {
  const auto count = checked_product<std::uint64_t>(shape);
  if (!count || *count > limit) return std::nullopt;
  return *count;
}

// What stays mapped when all has been read is in the way of whoever copies the files afterwards.
constexpr std::uint64_t kMostLeft = 16 << 20;

}  // namespace

struct PayloadReader::Impl {
  const Model* model;
  std::vector<std::optional<MappedFile>> mapped;  // by file, at first use
  PageBudget pages{kMostLeft};

  void drop_pages() const {
    for (const auto& file : mapped) {
      if (file) file->drop_pages();
    }
  }

  // The elements' bit patterns; nothing when there are more than `limit`, or they cannot be read.
  std::optional<std::vector<std::uint64_t>> elements(PayloadReader& reader, const Tensor& tensor,
                                                     std::size_t limit) const {
    const auto count = count_up_to(tensor.shape, limit);
    if (!count) return std::nullopt;
    if (*count == 0) return std::vector<std::uint64_t>{};
    if (!tensor.payload) return std::nullopt;
    const auto bytes = reader.bytes(*tensor.payload);
    if (!bytes) return std::nullopt;
    return patterns(*bytes, tensor.encoding, element_bits(tensor.type), *count);
  }
};

PayloadReader::PayloadReader(const Model& model) : impl_(std::make_unique<Impl>()) {
  impl_->model = &model;
  impl_->mapped.resize(model.files.size());
}

PayloadReader::~PayloadReader() = default;
PayloadReader::PayloadReader(PayloadReader&&) noexcept = default;
PayloadReader& PayloadReader::operator=(PayloadReader&&) noexcept = default;

Result<std::string_view> PayloadReader::bytes(const ByteSpan& span) {
  const ModelFile& file = impl_->model->files[span.file];
  std::optional<MappedFile>& mapped = impl_->mapped[span.file];
  if (!mapped) {
    auto opened = MappedFile::open(file.path);
    if (!opened) return fail(std::move(opened.error()));
    if (opened->size() != file.size) {
      return fail(ErrorKind::kInput, in_quotes(file.path.native()) + " changed while it was read",
                  "try again");
    }
    mapped = std::move(*opened);
  }
  if (impl_->pages.use(std::min(span.length + kBytesOfALook, kBytesPerLook))) impl_->drop_pages();
  return mapped->range(span.offset, span.length);
}

Result<bool> PayloadReader::equal(const ByteSpan& x, const ByteSpan& y) {
  if (x.length != y.length) return false;
  constexpr std::uint64_t kPiece = 16 << 20;
  for (std::uint64_t at = 0; at < x.length; at += kPiece) {
    const std::uint64_t length = std::min(kPiece, x.length - at);
    const auto a = bytes({x.file, x.offset + at, length});
    if (!a) return fail(a.error());
    const auto b = bytes({y.file, y.offset + at, length});
    if (!b) return fail(b.error());
    if (*a != *b) return false;
  }
  return true;
}

std::optional<std::vector<std::int64_t>> PayloadReader::integers(TensorId id, std::size_t limit) {
  const Tensor& tensor = impl_->model->tensors[id];
  if (!is_integer(tensor.type)) return std::nullopt;
  const auto patterns = impl_->elements(*this, tensor, limit);
  if (!patterns) return std::nullopt;
  std::vector<std::int64_t> values;
  values.reserve(patterns->size());
  for (std::uint64_t pattern : *patterns) values.push_back(to_integer(pattern, tensor.type));
  return values;
}

std::optional<std::vector<double>> PayloadReader::floats(TensorId id, std::size_t limit) {
  const Tensor& tensor = impl_->model->tensors[id];
  if (!is_float(tensor.type)) return std::nullopt;
  const auto patterns = impl_->elements(*this, tensor, limit);
  if (!patterns) return std::nullopt;
  std::vector<double> values;
  values.reserve(patterns->size());
  for (std::uint64_t pattern : *patterns) values.push_back(to_double(pattern, tensor.type));
  return values;
}

}  // namespace permcrypt
