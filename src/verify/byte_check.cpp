#include "verify/byte_check.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "base/mapped_file.h"
#include "base/page_budget.h"
#include "base/quote.h"

namespace permcrypt {
namespace {

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

// Ranges of the original's files that need not be looked at again.
class Settled {
 public:
  // Counts what the proof has found where `back` takes it from, and puts it.
  Settled(const CopyJob& back, std::span<const FoundPayload> found) : ranges_(back.files.size()) {
    const CopyJob there = inverse(back);
    std::set<std::array<std::uint64_t, 4>> known;
    for (const FoundPayload& f : found) {
      if (f.original.file != f.encrypted.file || f.original.length != f.encrypted.length) continue;
      known.insert({f.original.file, f.original.offset, f.encrypted.offset, f.original.length});
    }
    for (std::uint64_t file = 0; file < back.files.size(); ++file) {
      for (std::size_t i = 0; i < back.files[file].moves.size(); ++i) {
        const PayloadMove &from = back.files[file].moves[i], &to = there.files[file].moves[i];
        if (known.contains({file, to.offset, from.offset, to.length})) add(file, to);
      }
    }
  }

  bool covers(std::size_t file, std::uint64_t begin, std::uint64_t end) const {
    const auto& ranges = ranges_[file];
    const auto after = ranges.upper_bound(begin);
    return after != ranges.begin() && std::prev(after)->second >= end;
  }

 private:
  void add(std::size_t file, const PayloadMove& move) {
    auto& ranges = ranges_[file];  // in the order of the file
    const std::uint64_t end = move.offset + move.length;
    if (!ranges.empty() && ranges.rbegin()->second == move.offset) {
      ranges.rbegin()->second = end;
    } else {
      ranges.emplace(move.offset, end);
    }
  }

  std::vector<std::map<std::uint64_t, std::uint64_t>> ranges_;  // of each file: begin -> end
};

// The encrypted files, undone, beside the original's.
Result<Check> compare(const Subject& subject, const std::vector<MappedFile>& files,
                      std::span<const FoundPayload> found, unsigned threads) {
  const Plan& plan = subject.sealed.plan;
  auto job = decryption_job(plan, subject.groups, subject.files, subject.sealed.original_sizes[0]);
  if (!job) return tl::unexpected(job.error());
  const Settled settled(*job, found);
  FirstDifference difference;
  PageBudget pages;
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
  options.tag_inputs = options.tag_outputs = false;
  options.unwanted = [&](auto file, auto begin, auto end) {
    return settled.covers(file, begin, end);
  };
  if (auto done = copy_files(*job, options, compare); !done) return failed(done.error().message);
  if (difference.place()) return failed(name_place(plan, *difference.place()) + " differs");
  return Check{
      "bytes", Outcome::kPassed,
      "every byte is the original's: " + std::to_string(plan.tensors.size() + plan.sparse.size()) +
          " tensors renumbered as planned, " + std::to_string(plan.edits.size()) + " edits",
      ""};
}

}  // namespace

Result<Check> check_untampered(const Subject& subject, unsigned threads) {
  const auto tags = tag_files(subject.files, subject.keys.mac, true, threads);
  if (!tags) return tl::unexpected(tags.error());
  const auto same = check_mac(subject.manifest, *tags, subject.keys);
  if (!same) {
    return Check{"untampered", Outcome::kFailed, same.error().message, same.error().hint};
  }
  return Check{"untampered", Outcome::kPassed, "no byte changed since the model was encrypted", ""};
}

Result<Check> check_bytes(const Subject& subject,
                          const std::vector<std::filesystem::path>& original,
                          std::span<const FoundPayload> found, unsigned threads) {
  const auto files = map_all(original);
  if (!files) return tl::unexpected(files.error());
  if (files->size() != subject.files.size()) return failed("the numbers of data files differ");
  for (std::size_t i = 0; i < files->size(); ++i) {
    if ((*files)[i].size() != subject.sealed.original_sizes[i]) {
      return failed("the sizes of the files differ");
    }
  }
  return compare(subject, *files, found, threads);
}

}  // namespace permcrypt
