#include "read/tensor_reader.h"

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "base/checked.h"
#include "base/quote.h"
#include "read/locate.h"
#include "read/onnx_fields.h"
#include "read/wire.h"

namespace permcrypt {
namespace {

using onnx::TensorProto;
namespace field = onnx_field::tensor;

// Consecutive bytes of one data field: one packed chunk, or unpacked entries in a row.
struct Run {
  wire::Field first;
  std::uint64_t end = 0;
  std::uint64_t entries = 1;  // chunks or unpacked values
  bool packed() const { return first.type == wire::Type::kBytes; }
};

// What a TensorProto says, before it is judged.
struct Parts {
  Tensor tensor;
  std::optional<Run> run;  // the first
  bool several_runs = false;
  bool several_fields = false;
  bool segmented = false;
  ExternalReference reference;
};

// The field whose values hold elements of a type, besides raw_data, and how an unpacked value of it
// is encoded.
struct TypedField {
  std::uint32_t number = 0;
  wire::Type unpacked = wire::Type::kVarint;
};

TypedField typed_field(std::int32_t type) {
  switch (type) {
    case TensorProto::FLOAT:
    case TensorProto::COMPLEX64:
      return {field::kFloatData, wire::Type::kFixed32};
    case TensorProto::DOUBLE:
    case TensorProto::COMPLEX128:
      return {field::kDoubleData, wire::Type::kFixed64};
    case TensorProto::INT64:
      return {field::kInt64Data, wire::Type::kVarint};
    case TensorProto::UINT32:
    case TensorProto::UINT64:
      return {field::kUint64Data, wire::Type::kVarint};
    default:
      return {field::kInt32Data, wire::Type::kVarint};
  }
}

// A field that carries elements. Of another wire type it is an unknown field, as for protobuf.
bool is_data(const wire::Field& found) {
  switch (found.number) {
    case field::kRawData:
    case field::kStringData:
      return found.type == wire::Type::kBytes;
    case field::kFloatData:
      return found.type == wire::Type::kBytes || found.type == wire::Type::kFixed32;
    case field::kDoubleData:
      return found.type == wire::Type::kBytes || found.type == wire::Type::kFixed64;
    case field::kInt32Data:
    case field::kInt64Data:
    case field::kUint64Data:
      return found.type == wire::Type::kBytes || found.type == wire::Type::kVarint;
    default:
      return false;
  }
}

void note_data(Parts& parts, const wire::Field& found) {
  const bool empty_chunk = found.type == wire::Type::kBytes && found.size() == 0;
  if (empty_chunk && found.number != field::kRawData) return;
  if (!parts.run) {
    parts.run = Run{found, found.end};
    return;
  }
  Run& run = *parts.run;
  if (found.number != run.first.number) parts.several_fields = true;
  if (!run.packed() && found.is(run.first.number, run.first.type) && found.tag == run.end) {
    run.end = found.end;
    ++run.entries;
  } else {
    parts.several_runs = true;
  }
}

// One StringStringEntryProto of external_data.
Result<void> add_external_entry(std::string_view file, const wire::Field& found, FrameId parent,
                                std::vector<Frame>& frames, Parts& parts) {
  namespace entry = onnx_field::entry;
  const std::string_view key = wire::last_bytes(file, found.begin, found.end, entry::kKey);
  const std::string_view value = wire::last_bytes(file, found.begin, found.end, entry::kValue);
  if (key == "location") {
    Tensor& tensor = parts.tensor;
    if (tensor.location_entry != kNone) {
      return fail(ErrorKind::kInput, "external data has two locations");
    }
    parts.reference.location = value;
    if (!value.empty()) {
      tensor.location = {0, static_cast<std::uint64_t>(value.data() - file.data()), value.size()};
    }
    tensor.location_entry = static_cast<FrameId>(frames.size());
    frames.push_back(frame_around(found, parent));
  } else if (key == "offset" || key == "length") {
    const auto number = parse_external_number(key, value);
    if (!number) return fail(number.error());
    (key == "offset" ? parts.reference.offset : parts.reference.length) = *number;
  }
  return {};
}

Result<Parts> read_parts(std::string_view file, FrameId frame, std::vector<Frame>& frames) {
  Parts parts;
  Tensor& tensor = parts.tensor;
  tensor.frame = frame;
  wire::Cursor cursor(file, frames[frame].begin, frames[frame].end);
  while (const auto found = cursor.next()) {
    Result<void> added;
    if (found->number == field::kDims && found->type != wire::Type::kFixed32 &&
        found->type != wire::Type::kFixed64) {
      added = add_dims(file, *found, tensor.shape);
    } else if (found->is(field::kExternalData, wire::Type::kBytes)) {
      added = add_external_entry(file, *found, frame, frames, parts);
    } else if (found->is(field::kDataType, wire::Type::kVarint)) {
      tensor.type = static_cast<std::int32_t>(found->value);
    } else if (found->is(field::kName, wire::Type::kBytes)) {
      tensor.name = file.substr(found->begin, found->size());
    } else if (found->is(field::kDataLocation, wire::Type::kVarint)) {
      tensor.external = found->value == TensorProto::EXTERNAL;
    } else if (found->number == field::kSegment) {
      parts.segmented = true;
    } else if (is_data(*found)) {
      note_data(parts, *found);
    }
    if (!added) return fail(std::move(added.error()));
  }
  return parts;
}

tl::unexpected<Error> wrong_length(std::uint64_t found, std::uint64_t wanted, const char* unit) {
  return fail(ErrorKind::kInput, "data of " + std::to_string(found) + " " + unit +
                                     " where type and shape need " + std::to_string(wanted));
}

// The payload inside the model file, in `run`. `bytes` is its size when packed and fixed.
Result<void> place_run(std::string_view file, const Run& run, std::uint64_t elements,
                       std::uint64_t bytes, Tensor& tensor) {
  const ByteSpan content{0, run.first.begin, run.first.size()};
  const TypedField typed = typed_field(tensor.type);
  if (run.first.number == field::kRawData ||
      (run.first.number == typed.number && run.packed() && typed.unpacked != wire::Type::kVarint)) {
    if (content.length != bytes) return wrong_length(content.length, bytes, "bytes");
    tensor.payload = content;
    return {};
  }
  if (run.first.number != typed.number) {
    tensor.unmovable = "payload in a field for another type";
    return {};
  }
  const bool complex =
      tensor.type == TensorProto::COMPLEX64 || tensor.type == TensorProto::COMPLEX128;
  if (complex || element_bits(tensor.type) < 8) {
    tensor.unmovable = "entries of its payload are not single elements";
    return {};
  }
  const auto entries = run.packed()
                           ? wire::count_varints(file.substr(content.offset, content.length))
                           : std::optional(run.entries);
  if (!entries) return fail(ErrorKind::kInput, "a number in its data is cut off");
  if (*entries != elements) return wrong_length(*entries, elements, "elements");
  tensor.encoding = run.packed() ? Encoding::kVarint : Encoding::kTagged;
  tensor.payload = run.packed() ? content : ByteSpan{0, run.first.tag, run.end - run.first.tag};
  return {};
}

Result<void> place_payload(std::string_view file, Parts& parts, std::uint64_t elements,
                           std::uint64_t bytes, ExternalFiles& external) {
  Tensor& tensor = parts.tensor;
  if (tensor.external) {
    const auto span = external.find(parts.reference, bytes);
    if (!span) return fail(span.error());
    tensor.external_file = span->file;
    const bool also_inside = parts.run && parts.run->end != parts.run->first.begin;
    if (also_inside) tensor.unmovable = "payload both inside and outside the model file";
    if (bytes == 0) tensor.unmovable = "no elements";
    if (tensor.unmovable.empty()) tensor.payload = *span;
    return {};
  }
  if (parts.segmented) tensor.unmovable = "payload in segments";
  if (parts.several_runs) tensor.unmovable = "payload in several chunks";
  if (parts.several_fields) tensor.unmovable = "payload in several fields";
  if (!tensor.unmovable.empty()) return {};
  if (elements == 0) tensor.unmovable = "no elements";
  if (!parts.run) {
    if (elements != 0) return fail(ErrorKind::kInput, "it has elements, but no data");
    return {};
  }
  if (auto placed = place_run(file, *parts.run, elements, bytes, tensor); !placed) return placed;
  if (elements == 0) tensor.payload.reset();
  return {};
}

// Elements of a shape, and the bytes they take when packed; nothing on overflow.
std::optional<std::array<std::uint64_t, 2>> packed_size(const std::vector<std::int64_t>& shape,
                                                        int bits) {
  const auto elements = checked_product<std::uint64_t>(shape);
  if (!elements) return std::nullopt;
  const auto total = checked_mul(*elements, static_cast<std::uint64_t>(bits));
  if (!total) return std::nullopt;
  return std::array{*elements, *total / 8 + (*total % 8 != 0)};
}

}  // namespace

Result<Tensor> read_tensor(std::string_view file, FrameId frame, std::vector<Frame>& frames,
                           ExternalFiles& external) {
  auto parts = read_parts(file, frame, frames);
  if (!parts) return fail(std::move(parts.error()));
  Tensor& tensor = parts->tensor;
  const auto in_tensor = [&tensor](Error error) {
    error.message = "tensor " + in_quotes(tensor.name) + ": " + error.message;
    return fail(std::move(error));
  };
  const int bits = element_bits(tensor.type);
  const auto size = packed_size(tensor.shape, bits);
  if (!size) return in_tensor({ErrorKind::kInput, "its shape is too large", ""});
  if (bits == 0) {
    tensor.unmovable = tensor.type == TensorProto::STRING
                           ? "string tensor"
                           : "unknown element type " + std::to_string(tensor.type);
    if (!tensor.external) return std::move(tensor);
    const auto span = external.find(parts->reference, parts->reference.length.value_or(0));
    if (!span) return in_tensor(span.error());
    tensor.external_file = span->file;
    return std::move(tensor);
  }
  const auto [elements, bytes] = *size;
  if (auto placed = place_payload(file, *parts, elements, bytes, external); !placed) {
    return in_tensor(std::move(placed.error()));
  }
  return std::move(tensor);
}

Result<void> add_dims(std::string_view file, const wire::Field& found,
                      std::vector<std::int64_t>& shape) {
  std::uint64_t at = found.begin;
  while (at < found.end) {
    const auto dim = wire::read_varint(file, at, found.end);
    if (!dim) return fail(ErrorKind::kInput, "a dimension is cut off");
    shape.push_back(static_cast<std::int64_t>(*dim));
    if (shape.back() < 0) return fail(ErrorKind::kInput, "a dimension is negative");
  }
  return {};
}

}  // namespace permcrypt
