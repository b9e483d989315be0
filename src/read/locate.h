// Where single fields lie in the model file: what the walk did not record, found by looking again.
//
// A FieldSpan is what an edit needs. To replace a field's content, replace [frame.begin, frame.end)
// and rewrite the length varint at frame.length_offset; to insert before or after the whole field,
// insert at `tag` or at frame.end. Either way every Frame from frame.parent up to kNone grows or
// shrinks by as much, its own length varint included where that takes more or fewer bytes.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "permcrypt/model.h"
#include "permcrypt/status.h"
#include "read/onnx_fields.h"
#include "read/wire.h"

namespace permcrypt {

struct FieldSpan {
  std::uint64_t tag = 0;  // where the field starts; it ends at frame.end
  Frame frame;            // its length and content; the message around it is frame.parent
};

// The Frame of a kBytes field in the message `parent`.
Frame frame_around(const wire::Field& field, FrameId parent);

// The entries of field `number`, strings or messages, directly inside the message `parent` (kNone:
// the ModelProto), in their order in the file. `file` holds the bytes of model.files[0].
//
//   find_fields(model, file, frame_of(node), onnx_field::node::kInput)[k]     the k-th input's name
//   find_fields(model, file, frame_of(graph), onnx_field::graph::kNode)[k]    the k-th node
//   find_fields(model, file, kNone, onnx_field::model::kMetadata)[k]          the k-th property
//   find_fields(model, file, tensor.location_entry, onnx_field::entry::kValue)  the location string
//
// Errors (kInput): the bytes are not those that read_model saw.
Result<std::vector<FieldSpan>> find_fields(const Model& model, std::string_view file,
                                           FrameId parent, onnx_field::Number number);

}  // namespace permcrypt
