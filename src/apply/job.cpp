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

// Lists that grow by doubling take up to three times their size while they do.
void make_room(const Plan& plan, CopyJob& job) {
  std::vector<std::size_t> edits(job.files.size(), 0), moves(job.files.size(), 0);
  for (const Edit& edit : plan.edits) ++edits[edit.file];
  for (const PlanTensor& tensor : plan.tensors) ++moves[tensor.payload.file];
  for (std::size_t i = 0; i < job.files.size(); ++i) {
    job.files[i].edits.reserve(edits[i]);
    job.files[i].moves.reserve(moves[i]);
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

// Into the job that undoes it.
void invert(CopyJob& job) {
  for (FileCopy& file : job.files) {
    for (PayloadMove& move : file.moves) {
      if (move.sparse) {
        move.sparse->offset += shift_at(move.sparse->offset, job.files[move.sparse->file].edits);
      }
    }
  }
  for (FileCopy& file : job.files) {
    std::uint64_t shift = 0;  // of the output against the input, modulo 2^64
    auto move = file.moves.begin();
    const auto shift_before = [&](std::uint64_t offset) {
      for (; move != file.moves.end() && move->offset < offset; ++move) move->offset += shift;
    };
    for (Edit& edit : file.edits) {
      shift_before(edit.offset);
      edit.offset += shift;
      shift += edit.replacement.size() - edit.original.size();
      edit.original.swap(edit.replacement);
    }
    shift_before(UINT64_MAX);
    file.input.clear();
    file.manifest_bytes = 0;
    file.chunks = {};
  }
  for (Permutation& permutation : job.permutations) permutation = permutation.inverse();
}

}  // namespace

CopyJob encryption_job(const Plan& plan, const std::vector<Permutation>& groups,
                       const std::vector<std::filesystem::path>& inputs) {
  CopyJob job;
  job.files.resize(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) job.files[i].input = inputs[i];
  make_room(plan, job);
  for (const Edit& edit : plan.edits) job.files[edit.file].edits.push_back(edit);
  PermutationTable table(groups);
  for (const PlanTensor& tensor : plan.tensors) {
    PayloadMove move{tensor.name, tensor.payload.offset, tensor.payload.length, tensor.view, {},
                     kNone};
    move.axes.reserve(tensor.axes.size());
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
  CopyJob job = encryption_job(plan, groups, inputs);
  invert(job);
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
  CopyJob back = job;
  invert(back);
  return back;
}

std::int64_t growth(const FileCopy& file) {
  std::uint64_t bytes = 0;  // modulo 2^64
  for (const Edit& edit : file.edits) bytes += edit.replacement.size() - edit.original.size();
  return static_cast<std::int64_t>(bytes);
}

}  // namespace permcrypt
