#include "write/shares.h"

#include <algorithm>
#include <map>
#include <system_error>
#include <utility>

#include "base/mapped_file.h"
#include "base/output_file.h"
#include "base/quote.h"
#include "base/writable_file.h"
#include "write/share_receipt.h"
#include "write/write_progress.h"

namespace permcrypt {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kReceipt = "share-";

ManifestKeys keys_of(const EncryptedFiles& files) {
  return ManifestKeys::derive(KeySchedule(files.key, files.salt));
}

tl::unexpected<Error> already_there(const fs::path& path) {
  return fail(ErrorKind::kOutput, in_quotes(path.native()) + " already exists",
              "choose another name with -o, or replace it with --force");
}

fs::path data_path(const fs::path& folder, std::size_t file) {
  return folder / ("data." + std::to_string(file));
}

fs::path receipt_path(const fs::path& folder, Share share) {
  return folder / (std::string(kReceipt) + std::to_string(share.number) + "-of-" +
                   std::to_string(share.count));
}

// The data files as they grow. Every share makes them if it is the first; [0] is not there.
Result<std::vector<WritableFile>> open_data(const EncryptedFiles& files, const fs::path& folder) {
  std::error_code error;
  fs::create_directory(folder, error);
  if (error) return fail(output_error(error.value(), folder));
  std::vector<WritableFile> data;
  for (std::size_t i = 1; i < files.paths.size(); ++i) {
    auto file = WritableFile::open_or_create(data_path(folder, i));
    if (!file) return fail(std::move(file.error()));
    if (auto done = file->resize(files.input_sizes[i]); !done) return fail(done.error());
    data.push_back(std::move(*file));
  }
  return data;
}

// How many bytes of each file are in a share.
std::vector<std::uint64_t> sizes_of_share(const std::vector<std::uint64_t>& sizes,
                                          const std::vector<ChunkRange>& ranges) {
  std::vector<std::uint64_t> parts;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    parts.push_back(std::min(ranges[i].end * kChunkBytes, sizes[i]) -
                    std::min(ranges[i].begin * kChunkBytes, sizes[i]));
  }
  return parts;
}

std::vector<ChunkTag> part(const std::vector<ChunkTag>& tags, ChunkRange range) {
  return {tags.begin() + static_cast<std::ptrdiff_t>(range.begin),
          tags.begin() + static_cast<std::ptrdiff_t>(range.end)};
}

// The receipts in a folder, by name. A killed job may have left other things.
Result<std::map<std::string, ShareReceipt>> read_receipts(const fs::path& folder,
                                                          const ManifestKeys& keys,
                                                          const std::string& plan) {
  std::map<std::string, ShareReceipt> receipts;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().native();
    if (!name.starts_with(kReceipt)) continue;
    const auto file = MappedFile::open(it->path());
    if (!file) return fail(file.error());
    auto receipt = unseal_receipt(file->bytes(), keys);
    if (!receipt || receipt->plan != plan) {
      return fail(ErrorKind::kState,
                  in_quotes(it->path().native()) + " is of another model, key, option or release",
                  "run this share again as the last step is run, or remove the folder");
    }
    receipts.emplace(name, *std::move(receipt));
  }
  if (!receipts.empty()) return receipts;
  return fail(ErrorKind::kState, "there are no shares in " + in_quotes(folder.native()),
              "first write them all with --shard I/N");
}

// One receipt for each share.
Result<void> check_complete(const std::map<std::string, ShareReceipt>& receipts) {
  const std::uint32_t count = receipts.begin()->second.share.count;
  std::string missing;
  std::vector<bool> there(count + 1);
  for (const auto& [name, receipt] : receipts) {
    if (receipt.share.count != count) {
      return fail(ErrorKind::kState,
                  "there are shares of " + std::to_string(count) + " and of " +
                      std::to_string(receipt.share.count),
                  "remove those of one kind");
    }
    there[receipt.share.number] = true;
  }
  for (std::uint32_t i = 1; i <= count; ++i) {
    if (!there[i]) missing += (missing.empty() ? "" : ", ") + std::to_string(i);
  }
  if (missing.empty()) return {};
  return fail(ErrorKind::kState,
              "of " + std::to_string(count) + " shares these are missing: " + printable(missing),
              "run them again; the others need not be");
}

Result<void> add_tags(const ShareReceipt& receipt, CopyResult& copied) {
  for (std::size_t i = 0; i < receipt.files.size(); ++i) {
    const ShareTags& tags = receipt.files[i];
    auto& inputs = copied.inputs[i + 1].tags;
    auto& outputs = copied.outputs[i + 1].tags;
    if (tags.inputs.size() != tags.outputs.size() || tags.first > inputs.size() ||
        tags.inputs.size() > inputs.size() - tags.first) {
      return fail(ErrorKind::kDefect, "a share does not fit its data file");
    }
    const auto first = static_cast<std::ptrdiff_t>(tags.first);
    std::ranges::copy(tags.inputs, inputs.begin() + first);
    std::ranges::copy(tags.outputs, outputs.begin() + first);
  }
  return {};
}

// After a kill some may have moved already.
Result<void> publish_data(const EncryptedFiles& files, const fs::path& folder) {
  for (std::size_t i = 1; i < files.paths.size(); ++i) {
    std::error_code error;
    const fs::path from = data_path(folder, i);
    if (!fs::exists(from, error) && fs::exists(files.paths[i], error)) continue;
    if (!files.force && fs::exists(files.paths[i], error)) {
      return already_there(files.paths[i]);
    }
    fs::rename(from, files.paths[i], error);
    if (error) return fail(output_error(error.value(), files.paths[i]));
  }
  return {};
}

}  // namespace

fs::path shares_folder(const fs::path& out) { return out.native() + ".shares"; }

std::vector<ChunkRange> chunks_of_share(const std::vector<std::uint64_t>& sizes, Share share) {
  std::uint64_t total = 0;
  const auto chunks = [](std::uint64_t size) { return (size + kChunkBytes - 1) / kChunkBytes; };
  for (std::size_t i = 1; i < sizes.size(); ++i) total += chunks(sizes[i]);
  const auto boundary = [&](std::uint64_t n) {  // total * n / count, without overflow
    return total / share.count * n + total % share.count * n / share.count;
  };
  const std::uint64_t begin = boundary(share.number - 1), end = boundary(share.number);
  std::vector<ChunkRange> ranges{{0, 0}};
  std::uint64_t first = 0;  // chunks of the files before
  for (std::size_t i = 1; i < sizes.size(); ++i) {
    const std::uint64_t count = chunks(sizes[i]);
    ranges.push_back({std::clamp(begin, first, first + count) - first,
                      std::clamp(end, first, first + count) - first});
    first += count;
  }
  return ranges;
}

Result<void> write_share(const EncryptedFiles& files, CopyJob job, const SealedPlan& sealed,
                         Share share) {
  if (files.paths.size() < 2) {
    return fail(ErrorKind::kState, "the model has no data files to be shared out",
                "its weights are in the .onnx itself: encrypt it in one go");
  }
  std::error_code ignored;
  if (!files.force && fs::exists(files.paths[0], ignored)) return already_there(files.paths[0]);
  const fs::path folder = shares_folder(files.paths[0]);
  auto data = open_data(files, folder);
  if (!data) return fail(data.error());
  const auto ranges = chunks_of_share(files.input_sizes, share);
  for (std::size_t i = 0; i < ranges.size(); ++i) job.files[i].chunks = ranges[i];
  const ManifestKeys keys = keys_of(files);
  const auto sizes = sizes_of_share(files.input_sizes, ranges);
  WriteProgress progress(files.progress, sizes);
  const auto copied = copy_files(job, copy_options(files, keys),
                                 [&](std::size_t file, std::uint64_t offset, auto bytes) {
                                   progress.add(bytes.size());
                                   return (*data)[file - 1].write(offset, bytes);
                                 });
  if (!copied) return fail(copied.error());

  ShareReceipt receipt{share, plan_hash(sealed), {}};
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    if (auto done = (*data)[i - 1].sync(); !done) return done;
    receipt.files.push_back({ranges[i].begin, part(copied->inputs[i].tags, ranges[i]),
                             part(copied->outputs[i].tags, ranges[i])});
  }
  OutputSet outputs;  // a receipt is there only when its share is on disk
  const auto number = outputs.add(receipt_path(folder, share), {.if_exists = IfExists::kReplace});
  if (!number) return fail(number.error());
  if (auto done = outputs.write(*number, 0, seal_receipt(receipt, keys)); !done) return done;
  return outputs.commit();
}

Result<void> join_shares(const EncryptedFiles& files, CopyJob job, SealedPlan sealed) {
  const fs::path folder = shares_folder(files.paths[0]);
  const ManifestKeys keys = keys_of(files);
  const auto receipts = read_receipts(folder, keys, plan_hash(sealed));
  if (!receipts) return fail(receipts.error());
  if (auto done = check_complete(*receipts); !done) return done;

  OutputSet outputs;
  const auto number = outputs.add(
      files.paths[0], {.if_exists = files.force ? IfExists::kReplace : IfExists::kRefuse});
  if (!number) return fail(number.error());
  for (std::size_t i = 1; i < job.files.size(); ++i) job.files[i].chunks = {0, 0};
  auto copied = copy_files(job, copy_options(files, keys),
                           [&](std::size_t, std::uint64_t offset, auto bytes) {
                             return outputs.write(*number, offset, bytes);
                           });
  if (!copied) return fail(copied.error());
  for (const auto& [name, receipt] : *receipts) {
    if (auto done = add_tags(receipt, *copied); !done) return done;
  }
  record_original(sealed, copied->inputs, keys);
  if (auto done = write_manifest(outputs, *number, files, sealed, *copied); !done) return done;
  if (auto done = publish_data(files, folder); !done) return done;
  if (auto done = outputs.commit(); !done) return done;
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  return {};
}

}  // namespace permcrypt
