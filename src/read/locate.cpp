#include "read/locate.h"

#include "base/quote.h"

namespace permcrypt {

Frame frame_around(const wire::Field& field, FrameId parent) {
  return {.length_offset = field.length_offset,
          .length_size = static_cast<std::uint32_t>(field.begin - field.length_offset),
          .begin = field.begin,
          .end = field.end,
          .parent = parent};
}

Result<std::vector<FieldSpan>> find_fields(const Model& model, std::string_view file,
                                           FrameId parent, onnx_field::Number number) {
  const auto changed = [&model] {
    return fail(ErrorKind::kInput,
                in_quotes(model.files.front().path.native()) + " changed while it was read",
                "try again");
  };
  const std::uint64_t begin = parent == kNone ? 0 : model.frames[parent].begin;
  const std::uint64_t end = parent == kNone ? model.files.front().size : model.frames[parent].end;
  if (end > file.size()) return changed();
  std::vector<FieldSpan> found;
  wire::Cursor cursor(file, begin, end);
  while (const auto field = cursor.next()) {
    if (field->is(number, wire::Type::kBytes)) {
      found.push_back({field->tag, frame_around(*field, parent)});
    }
  }
  if (!cursor.ok()) return changed();
  return found;
}

}  // namespace permcrypt
