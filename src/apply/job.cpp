// From a plan to the copies that carry it out, and back.
#include <algorithm>
#include <system_error>
#include <unordered_map>

#include "base/quote.h"
#include "permcrypt/apply.h"

namespace permcrypt {
namespace {

// Each permutation once, however many axes share it.
class PermutationTable {
 public:
  explicit PermutationTable(const std::vector<Permutation>& groups) : groups_(groups) {}

  std::uint32_t axis(const AxisMap& map) { return map.moves() ? add(map, false) : kNone; }
  // Old indices to new ones, for elements that are indices.
  std::uint32_t values(const AxisMap& map) { return map.moves() ? add(map, true) : kNone; }

  std::vector<Permutation> take() { return std::move(permutations_); }

 private:
  std::uint32_t add(const AxisMap& map, bool inverted) {
    const auto [entry, is_new] =
        numbers_.try_emplace((inverted ? "inverse " : "") + to_string(map), permutations_.size());
    if (is_new) {
      const Permutation permutation = axis_permutation(map, groups_);
      permutations_.push_back(inverted ? permutation.inverse() : permutation);
    }
    return entry->second;
  }

  const std::vector<Permutation>& groups_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<Permutation> permutations_;
};

void add_sparse(const PlanSparse& sparse, PermutationTable& table, CopyJob& job) {
  PayloadMove move{sparse.name, 0, 0, sparse.view, {}, kNone};
  for (const AxisMap& axis : sparse.axes) move.axes.push_back(table.axis(axis));
  move.sparse = SparseMove{false,
                           sparse.entries,
                           sparse.coordinates,
                           sparse.index_encoding,
                           sparse.indices.file,
                           sparse.indices.offset,
                           sparse.indices.length};
  for (const ByteSpan* part : {&sparse.values, &sparse.indices}) {
    move.offset = part->offset;
    move.length = part->length;
    move.sparse->of_indices = part == &sparse.indices;
    job.files[part->file].moves.push_back(move);
  }
}

// How far bytes at `offset` are shifted by the edits before them, modulo 2^64.
std::uint64_t shift_at(std::uint64_t offset, const std::vector<Edit>& edits) {
  std::uint64_t shift = 0;
  for (const Edit& edit : edits) {
    if (edit.offset > offset) break;
    shift += edit.replacement.size() - edit.original.size();
  }
  return shift;
}

}  // namespace

CopyJob encryption_job(const Plan& plan, const std::vector<Permutation>& groups,
                       const std::vector<std::filesystem::path>& inputs) {
  CopyJob job;
  job.files.resize(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) job.files[i].input = inputs[i];
  for (const Edit& edit : plan.edits) job.files[edit.file].edits.push_back(edit);
  PermutationTable table(groups);
  for (const PlanTensor& tensor : plan.tensors) {
    PayloadMove move{tensor.name, tensor.payload.offset, tensor.payload.length, tensor.view, {},
                     kNone};
    for (const AxisMap& axis : tensor.axes) move.axes.push_back(table.axis(axis));
    if (tensor.values) move.values = table.values(*tensor.values);
    job.files[tensor.payload.file].moves.push_back(std::move(move));
  }
  for (const PlanSparse& sparse : plan.sparse) add_sparse(sparse, table, job);
  if (!plan.sparse.empty()) {
    for (FileCopy& file : job.files) std::ranges::stable_sort(file.moves, {}, &PayloadMove::offset);
  }
  job.permutations = table.take();
  return job;
}

Result<CopyJob> decryption_job(const Plan& plan, const std::vector<Permutation>& groups,
                               const std::vector<std::filesystem::path>& inputs,
                               std::uint64_t original_size) {
  CopyJob job = inverse(encryption_job(plan, groups, inputs));
  for (std::size_t i = 0; i < inputs.size(); ++i) job.files[i].input = inputs[i];
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(inputs[0], error);
  if (error) {
    return fail(ErrorKind::kInput,
                "cannot read " + in_quotes(inputs[0].native()) + ": " + error.message());
  }
  const std::uint64_t body = original_size - static_cast<std::uint64_t>(growth(job.files[0]));
  if (body > size || size - body < kMacText) {
    return fail(ErrorKind::kResult,
                in_quotes(inputs[0].native()) + " is not as long as it should be",
                "it was changed or cut short after it was encrypted");
  }
  job.files[0].manifest_bytes = size - body;
  return job;
}

CopyJob inverse(const CopyJob& job) {
  CopyJob back;
  for (const FileCopy& file : job.files) {
    FileCopy reverse;
    std::uint64_t shift = 0;  // of the output against the input, modulo 2^64
    auto move = file.moves.begin();
    auto moves_before = [&](std::uint64_t offset) {
      for (; move != file.moves.end() && move->offset < offset; ++move) {
        reverse.moves.push_back(*move);
        reverse.moves.back().offset += shift;
      }
    };
    for (const Edit& edit : file.edits) {
      moves_before(edit.offset);
      reverse.edits.push_back({edit.file, edit.offset + shift, edit.replacement, edit.original});
      shift += edit.replacement.size() - edit.original.size();
    }
    moves_before(UINT64_MAX);
    for (PayloadMove& moved : reverse.moves) {
      if (!moved.sparse) continue;
      moved.sparse->offset += shift_at(moved.sparse->offset, job.files[moved.sparse->file].edits);
    }
    back.files.push_back(std::move(reverse));
  }
  for (const Permutation& permutation : job.permutations) {
    back.permutations.push_back(permutation.inverse());
  }
  return back;
}

std::int64_t growth(const FileCopy& file) {
  std::uint64_t bytes = 0;  // modulo 2^64
  for (const Edit& edit : file.edits) bytes += edit.replacement.size() - edit.original.size();
  return static_cast<std::int64_t>(bytes);
}

}  // namespace permcrypt
