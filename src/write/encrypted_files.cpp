#include "write/encrypted_files.h"

#include <limits>
#include <utility>

#include "write/write_progress.h"

namespace permcrypt {
namespace {

// Protobuf's limit, and so that of a single .onnx file.
constexpr std::uint64_t kMaxModelBytes = std::numeric_limits<std::int32_t>::max();

// Data files first: the file that refers to them is the last to appear.
Result<std::vector<std::size_t>> open_outputs(OutputSet& outputs, const EncryptedFiles& files,
                                              const CopyJob& job) {
  std::vector<std::size_t> numbers(files.paths.size());
  for (std::size_t i = files.paths.size(); i-- > 0;) {
    const auto number = outputs.add(
        files.paths[i], {.if_exists = files.force ? IfExists::kReplace : IfExists::kRefuse});
    if (!number) return fail(number.error());
    numbers[i] = *number;
    const auto size = files.input_sizes[i] - job.files[i].manifest_bytes +
                      static_cast<std::uint64_t>(growth(job.files[i]));
    if (auto done = outputs.reserve(*number, size); !done) return fail(done.error());
  }
  return numbers;
}

}  // namespace

CopyOptions copy_options(const EncryptedFiles& files, const ManifestKeys& keys) {
  CopyOptions options;
  options.threads = files.threads;
  options.memory = files.memory;
  options.input_key = keys.original;
  options.output_key = keys.mac;
  return options;
}

Result<void> write_manifest(OutputSet& outputs, std::size_t number, const EncryptedFiles& files,
                            const SealedPlan& sealed, CopyResult& copied) {
  const ManifestKeys keys = ManifestKeys::derive(KeySchedule(files.key, files.salt));
  const std::string manifest = make_manifest({files.key.id(), files.salt}, sealed, keys, copied);
  const std::uint64_t size = copied.outputs[0].size;
  if (size > kMaxModelBytes) {
    return fail(ErrorKind::kInput, "the encrypted model would be larger than 2 GiB",
                "store its weights as external data first");
  }
  return outputs.write(number, size - manifest.size(), manifest);
}

Result<void> write_encrypted(const EncryptedFiles& files, const CopyJob& job, SealedPlan sealed,
                             const std::vector<FileTags>& original) {
  std::vector<std::filesystem::path> inputs;
  for (const FileCopy& file : job.files) inputs.push_back(file.input);
  OutputSet outputs(inputs);
  const auto numbers = open_outputs(outputs, files, job);
  if (!numbers) return fail(numbers.error());

  const ManifestKeys keys = ManifestKeys::derive(KeySchedule(files.key, files.salt));
  WriteProgress progress(files.progress, files.input_sizes);
  auto copied = copy_files(job, copy_options(files, keys),
                           [&](std::size_t file, std::uint64_t offset, auto bytes) {
                             progress.add(bytes.size());
                             return outputs.write((*numbers)[file], offset, bytes);
                           });
  if (!copied) return fail(copied.error());
  record_original(sealed, original.empty() ? copied->inputs : original, keys);
  if (auto done = write_manifest(outputs, (*numbers)[0], files, sealed, *copied); !done) {
    return done;
  }
  return outputs.commit();
}

}  // namespace permcrypt
