// A libFuzzer target for the files beside models: whatever bytes they hold, reading them ends with
// a result or an error, and what was read is written and read again the same. See README.md.
//
// The first byte of an input chooses the format.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "derive/sealed_key.h"
#include "fuzz_folder.h"
#include "fuzz_formats.h"
#include "permcrypt/client_map.h"
#include "permcrypt/digest.h"
#include "read/safetensors.h"
#include "verify/known_answer.h"
#include "verify/npy.h"
#include "verify/npz.h"
#include "verify/png_file.h"
#include "verify/polygraphy.h"
#include "verify/tensor_pb.h"
#include "verify/token_file.h"
#include "write/journal.h"
#include "write/sealed_plan.h"
#include "write/share_receipt.h"
#include "write/step_record.h"
#include "write/tokenizer.h"

namespace {

using namespace permcrypt;
using namespace permcrypt::fuzz;

void require(bool condition) {
  if (!condition) std::abort();
}

bool equal(const TensorData& x, const TensorData& y) {
  return x.name == y.name && x.type == y.type && x.shape == y.shape && x.bytes == y.bytes;
}

bool equal(const std::vector<TensorData>& x, const std::vector<TensorData>& y) {
  return std::ranges::equal(x, y, [](const auto& a, const auto& b) { return equal(a, b); });
}

void key(std::string_view text) {
  worked(SecretKey::parse(text));
  worked(inspect_key_text(text));
  worked(open_sealed_key(text, "passphrase"));
}

void token(std::string_view bytes) {
  write_file(folder() / "in.npz", bytes);
  worked(read_token(folder() / "in.npz"));
}

void npz(std::string_view bytes) {
  const auto tensors = decode_npz(bytes);
  if (!worked(tensors)) return;
  const auto again = encode_npz(*tensors);
  if (worked(again)) require(equal(decode_npz(*again).value(), *tensors));
}

void npy(std::string_view bytes) {
  const auto tensor = decode_npy(bytes, "x");
  if (!worked(tensor)) return;
  const auto again = encode_npy(*tensor);
  if (worked(again)) require(equal(decode_npy(*again, "x").value(), *tensor));
}

void tensor_pb(std::string_view bytes) {
  const auto tensor = decode_tensor_pb(bytes);
  if (worked(tensor)) require(equal(decode_tensor_pb(encode_tensor_pb(*tensor)).value(), *tensor));
}

void polygraphy(std::string_view bytes) {
  const auto runs = decode_polygraphy(bytes);
  if (!worked(runs)) return;
  const auto again = encode_polygraphy(*runs);
  if (worked(again)) require(decode_polygraphy(*again).value().size() == runs->size());
}

void png(std::string_view bytes) {
  const auto pixels = decode_png(bytes);
  if (!worked(pixels)) return;
  const auto again = encode_png(*pixels);
  if (worked(again)) require(equal(decode_png(*again).value(), *pixels));
}

void safetensors(std::string_view bytes) {
  write_file(folder() / "in.safetensors", bytes);
  const auto file = MappedFile::open(folder() / "in.safetensors");
  if (!worked(file)) return;
  const auto tensors = read_safetensors(*file);
  if (!worked(tensors)) return;
  for (const SafeTensor& tensor : *tensors) {
    require(file->range(tensor.offset, tensor.length).has_value());
  }
}

void tokenizer(std::string_view text) {
  std::vector<std::uint32_t> order(300);
  for (std::uint32_t i = 0; i < 300; ++i) order[i] = i * 7 % 300;
  ClientMap ids;
  ids.value = "input_ids";
  ids.ids = true;
  ids.index = {Permutation(std::move(order))};
  worked(renumber_tokenizer(text, {ids}));
}

void digests(std::string_view text) {
  const auto files = parse_digests(text);
  if (worked(files) && !files->empty()) worked(parse_digests(digest_statement(*files)));
}

void sealed_plan(std::string_view json) {
  const auto sealed = parse_sealed_plan(json);
  if (!worked(sealed)) return;
  const std::string text = to_json(*sealed);
  require(to_json(parse_sealed_plan(text).value()) == text);
}

void record(std::string_view bytes) {
  const auto step = parse_record(bytes);
  if (step) require(parse_record(to_record(*step)).has_value());
}

void journal(std::string_view bytes) {
  write_file(folder() / "in.journal", bytes);
  auto journal = Journal::open(folder() / "in.journal");
  if (worked(journal)) worked(journal->newest(kJournalKey));
}

void receipt(std::string_view bytes) { unseal_receipt(bytes, receipt_keys()); }

void known_answer(std::string_view bytes) { worked(open_answer(bytes, kKnownToken)); }

void axis_map(std::string_view text) {
  const auto map = parse_axis_map(text, {5, 3, 4}, {1, 4, 1});
  if (worked(map)) require(parse_axis_map(to_string(*map), {5, 3, 4}, {1, 4, 1}) == *map);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using Format = void (*)(std::string_view);
  // In the order of FileFormat.
  static constexpr Format kFormats[] = {
      key,       token,   npz,         npy,    tensor_pb, polygraphy, png,          safetensors,
      tokenizer, digests, sealed_plan, record, journal,   receipt,    known_answer, axis_map};
  static_assert(std::size(kFormats) == kFileFormats);
  if (size == 0) return 0;
  kFormats[data[0] % kFileFormats](
      std::string_view(reinterpret_cast<const char*>(data) + 1, size - 1));
  return 0;
}
