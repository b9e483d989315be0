#include "verify/byte_check.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>

#include "base/mapped_file.h"
#include "base/page_budget.h"
#include "base/quote.h"

namespace permcrypt {
namespace {

// Pages of the original that may be in memory at a time, about.
constexpr std::uint64_t kResidentBytes = 64 << 20;

// The first place, in file order, where the undone model and the original differ.
class FirstDifference {
 public:
  struct Place {
    std::size_t file;
    std::uint64_t offset;
  };

  void note(std::size_t file, std::uint64_t offset) {
    const std::lock_guard lock(mutex_);
    if (!place_ || std::pair(file, offset) < std::pair(place_->file, place_->offset)) {
      place_ = Place{file, offset};
    }
  }
  const std::optional<Place>& place() const { return place_; }

 private:
  std::mutex mutex_;
  std::optional<Place> place_;
};

std::string name_place(const Plan& plan, const FirstDifference::Place& place) {
  const auto holds = [&](const ByteSpan& span) {
    return span.file == place.file && place.offset >= span.offset &&
           place.offset < span.offset + span.length;
  };
  for (const PlanTensor& tensor : plan.tensors) {
    if (holds(tensor.payload)) return "tensor " + in_quotes(tensor.name);
  }
  for (const PlanSparse& sparse : plan.sparse) {
    if (holds(sparse.values) || holds(sparse.indices)) return "tensor " + in_quotes(sparse.name);
  }
  return "byte " + std::to_string(place.offset) +
         (place.file == 0 ? " of the model" : " of a data file");
}

Check failed(std::string detail) {
  return {"bytes", Outcome::kFailed, std::move(detail),
          "this is not an encryption of that original: compare the file names"};
}

Result<std::vector<MappedFile>> map_all(const std::vector<std::filesystem::path>& paths) {
  std::vector<MappedFile> out;
  for (const auto& path : paths) {
    auto file = MappedFile::open(path);
    if (!file) return tl::unexpected(file.error());
    out.push_back(*std::move(file));
  }
  return out;
}

Check untampered(const Subject& subject, const std::vector<FileTags>& tags) {
  const auto same = check_mac(subject.manifest, tags, subject.keys);
  if (!same) {
    return Check{"untampered", Outcome::kFailed, same.error().message, same.error().hint};
  }
  return Check{"untampered", Outcome::kPassed, "no byte changed since the model was encrypted", ""};
}

// What one pass over the encrypted files tells.
struct Comparison {
  std::optional<std::vector<FileTags>> tags;  // of the encrypted files, if all of them were read
  Check bytes;
};

// The encrypted files, undone, beside the original's.
Result<Comparison> compare(const Subject& subject, const std::vector<MappedFile>& files,
                           unsigned threads) {
  const Plan& plan = subject.sealed.plan;
  auto job = decryption_job(plan, subject.groups, subject.files, subject.sealed.original_sizes[0]);
  if (!job) return tl::unexpected(job.error());
  FirstDifference difference;
  PageBudget pages(kResidentBytes);
  const auto compare = [&](std::size_t file, std::uint64_t offset,
                           std::string_view bytes) -> Result<void> {
    const auto expected = files[file].range(offset, bytes.size());
    if (!expected) return tl::unexpected(expected.error());
    if (*expected != bytes) {
      const auto e = std::mismatch(expected->begin(), expected->end(), bytes.begin()).first;
      difference.note(file, offset + static_cast<std::uint64_t>(e - expected->begin()));
    }
    pages.spend(files, bytes.size());
    return {};
  };
  CopyOptions options;
  options.threads = threads;
  options.input_key = subject.keys.mac;
  options.tag_outputs = false;
  auto copied = copy_files(*job, options, compare);
  if (!copied) return Comparison{std::nullopt, failed(copied.error().message)};
  Comparison out{std::move(copied->inputs), {}};
  out.bytes = difference.place()
                  ? failed(name_place(plan, *difference.place()) + " differs")
                  : Check{"bytes", Outcome::kPassed,
                          "every byte is the original's: " +
                              std::to_string(plan.tensors.size() + plan.sparse.size()) +
                              " tensors renumbered as planned, " +
                              std::to_string(plan.edits.size()) + " edits",
                          ""};
  return out;
}

Result<Comparison> compare(const Subject& subject,
                           const std::vector<std::filesystem::path>& original, unsigned threads) {
  const auto files = map_all(original);
  if (!files) return tl::unexpected(files.error());
  if (files->size() != subject.files.size()) {
    return Comparison{std::nullopt, failed("the numbers of data files differ")};
  }
  for (std::size_t i = 0; i < files->size(); ++i) {
    if ((*files)[i].size() != subject.sealed.original_sizes[i]) {
      return Comparison{std::nullopt, failed("the sizes of the files differ")};
    }
  }
  return compare(subject, *files, threads);
}

}  // namespace

Result<Check> check_untampered(const Subject& subject, unsigned threads) {
  const auto tags = tag_files(subject.files, subject.keys.mac, true, threads);
  if (!tags) return tl::unexpected(tags.error());
  return untampered(subject, *tags);
}

Result<std::vector<Check>> check_bytes(const Subject& subject,
                                       const std::vector<std::filesystem::path>& original,
                                       unsigned threads) {
  auto compared = compare(subject, original, threads);
  const bool whole = compared && compared->tags;
  auto first = whole ? untampered(subject, *compared->tags) : check_untampered(subject, threads);
  if (!first) return tl::unexpected(first.error());
  std::vector<Check> out{*std::move(first)};
  if (out[0].outcome == Outcome::kFailed) return out;
  if (!compared) return tl::unexpected(compared.error());
  out.push_back(std::move(compared->bytes));
  return out;
}

}  // namespace permcrypt
