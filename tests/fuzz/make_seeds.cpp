// Writes inputs for the fuzz targets to start from: fuzz_seeds FOLDER MODEL..., see README.md.
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "derive/sealed_key.h"
#include "fuzz_folder.h"
#include "fuzz_formats.h"
#include "fuzz_seal.h"
#include "permcrypt/digest.h"
#include "permcrypt/encrypt.h"
#include "permcrypt/token.h"
#include "verify/known_answer.h"
#include "verify/npy.h"
#include "verify/npz.h"
#include "verify/png_file.h"
#include "verify/polygraphy.h"
#include "verify/tensor_pb.h"
#include "verify/token_file.h"
#include "write/encrypted_model.h"
#include "write/journal.h"
#include "write/share_receipt.h"
#include "write/step_record.h"

namespace {

namespace fs = std::filesystem;
using namespace permcrypt;
using namespace permcrypt::fuzz;

class Seeds {
 public:
  explicit Seeds(fs::path folder) : folder_(std::move(folder)) {
    for (const char* target : {"model", "encrypted", "formats"}) {
      fs::create_directories(folder_ / target);
    }
  }
  void add(const char* target, int choice, std::string_view bytes) {
    write_file(folder_ / target / std::to_string(number_++),
               std::string(1, static_cast<char>(choice)).append(bytes));
  }
  void add(FileFormat format, std::string_view bytes) {
    add("formats", static_cast<int>(format), bytes);
  }

 private:
  fs::path folder_;
  int number_ = 0;
};

// What encrypt makes of a model, as it is and taken apart.
void add_encrypted(const fs::path& model, Carry carry, Seeds& seeds) {
  EncryptRequest request;
  request.model = model;
  request.out = folder() / "seed.enc.onnx";
  request.key = key();
  request.locks.carry = carry;
  request.locks.internal = Internal::kAll;
  request.force = true;
  if (!encrypt(request)) return;
  const auto encrypted = read_encrypted(*request.out);
  if (!encrypted || encrypted->model.files.size() != 1) return;
  const auto opened = open_with(secret_key(), *encrypted);
  if (!opened) return;
  const std::string file = read_file(*request.out);
  const OpenManifest& open = encrypted->manifest->open;
  const std::size_t manifest = unsigned_manifest(open, opened->sealed, opened->keys).size();
  for (int command = 0; command < 8; ++command) {
    seeds.add("encrypted", command, file);
    seeds.add("encrypted", 0x80 | command, taken_apart(file, opened->sealed, manifest));
  }
  seeds.add(FileFormat::kSealedPlan, to_json(opened->sealed));
}

void add_models(const fs::path& model, Seeds& seeds) {
  const std::string bytes = read_file(model);
  for (const int choice : {0, 64, 65, 66, 72}) seeds.add("model", choice, bytes);
  for (const Carry carry : {Carry::kKey, Carry::kData, Carry::kBoth}) {
    add_encrypted(model, carry, seeds);
  }
}

void add_tensors(Seeds& seeds) {
  const TensorData numbers{"x", 1, {2, 3}, std::string(24, '\x3f')};
  const TensorData vector{std::string(kKeyInput), 6, {4}, std::string(16, '\0')};
  const TensorData pixels{"", 2, {2, 2, 3}, "abcdefghijkl"};
  seeds.add(FileFormat::kToken, encode_npz(std::vector{vector}).value());
  seeds.add(FileFormat::kNpz, encode_npz(std::vector{numbers, vector}).value());
  seeds.add(FileFormat::kNpy, encode_npy(numbers).value());
  seeds.add(FileFormat::kTensorPb, encode_tensor_pb(numbers));
  seeds.add(FileFormat::kPolygraphy, encode_polygraphy({{numbers, vector}}).value());
  if (png_available()) seeds.add(FileFormat::kPng, encode_png(pixels).value());
  KnownAnswer answer;
  answer.choices.id_bounds["ids"] = 7;
  answer.outputs.push_back({"y", {2, 3}, 1, {{0, 0.5}, {5, -1}}});
  seeds.add(FileFormat::kKnownAnswer, seal_answer(answer, kKnownToken));
}

void add_texts(Seeds& seeds) {
  seeds.add(FileFormat::kKey, "# key id: permcrypt1x\n" + secret_key().to_text() + "\n");
  seeds.add(FileFormat::kKey, seal_key(secret_key(), "passphrase", {1, 8}).value());
  const std::vector<FileDigest> files{{"m.onnx", std::string(64, 'a')}};
  seeds.add(FileFormat::kDigests, digest_lines(files));
  seeds.add(FileFormat::kDigests, digest_statement(files));
  seeds.add(FileFormat::kAxisMap, "(1+g0)*g2:g1+7");
  std::string header = R"({"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}})", size;
  append_number(size, header.size());
  seeds.add(FileFormat::kSafetensors, size + header + "12345678");
  seeds.add(FileFormat::kTokenizer,
            R"({"added_tokens":[{"id":0,"content":"<s>"}],"model":{"type":"BPE","vocab":)"
            R"({"<s>":0,"a":1,"b":2},"merges":[]},"padding":{"pad_id":0}})");
  seeds.add(FileFormat::kTokenizer,
            R"({"model":{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0.0],["a",-1.5]]}})");
}

void add_records(Seeds& seeds) {
  const InPlaceStep step{1, {{0, 3}, {8, 2}}, "abcde", {1, 0, true, 4, 2, "held"}};
  seeds.add(FileFormat::kRecord, to_record(step));
  const fs::path path = folder() / "seed.journal";
  auto journal = Journal::create(path, "header", 64);
  if (journal && journal->append(to_record(step), kJournalKey)) {
    seeds.add(FileFormat::kJournal, read_file(path));
  }
  const ShareReceipt receipt{{1, 2}, "hash", {{0, {ChunkTag{}}, {ChunkTag{}}}}};
  seeds.add(FileFormat::kReceipt, seal_receipt(receipt, receipt_keys()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: fuzz_seeds FOLDER MODEL...\n", stderr);
    return 2;
  }
  Seeds seeds(argv[1]);
  for (int i = 2; i < argc; ++i) add_models(argv[i], seeds);
  add_tensors(seeds);
  add_texts(seeds);
  add_records(seeds);
  return 0;
}
