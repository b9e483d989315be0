#include "write/checkpoint.h"

#include <algorithm>
#include <span>
#include <unordered_set>
#include <utility>

#include "base/output_file.h"
#include "base/quote.h"
#include "write/checkpoint_match.h"

namespace permcrypt {
namespace {

namespace fs = std::filesystem;

// Whether each row of `rows` is one of `table`. Rows of one repeated element prove nothing.
bool has_rows(std::string_view table, std::string_view rows, std::uint64_t row_bytes,
              std::uint64_t width) {
  std::unordered_set<std::string_view> known;
  for (std::uint64_t at = 0; at < table.size(); at += row_bytes) {
    known.insert(table.substr(at, row_bytes));
  }
  for (std::uint64_t at = 0; at < rows.size(); at += row_bytes) {
    const std::string_view row = rows.substr(at, row_bytes);
    if (row.substr(width) == row.substr(0, row_bytes - width) || !known.contains(row)) return false;
  }
  return true;
}

// Whether only the last axis moves, so that rows can be a part of a table.
bool rows_stay(const PlanTensor& tensor) {
  if (tensor.axes.empty() || tensor.values) return false;
  return std::none_of(tensor.axes.begin(), tensor.axes.end() - 1,
                      [](const AxisMap& axis) { return axis.moves(); });
}

ElementView view_of(const PlanTensor& planned, const SafeTensor& tensor, CheckpointLayout layout) {
  ElementView view = planned.view;
  view.bits = tensor.bits;
  view.encoding = Encoding::kFixed;
  if (layout == CheckpointLayout::kTransposed) std::ranges::reverse(view.shape);
  if (layout == CheckpointLayout::kRows) {
    const std::uint64_t row_bits = std::max<std::uint64_t>(view.shape.back() * tensor.bits, 1);
    view.shape = {8 * tensor.length / row_bits, view.shape.back()};
  }
  view.row_stride = view.shape.empty() ? 1 : view.shape.back();
  return view;
}

bool fits(const ElementView& view, const SafeTensor& tensor) {
  std::uint64_t elements = 1;
  for (const std::uint64_t extent : view.shape) elements *= extent;
  return tensor.bits >= 8 && elements == tensor.length / (tensor.bits / 8);
}

}  // namespace

Result<Checkpoint> Checkpoint::open(const fs::path& path) {
  auto file = MappedFile::open(path);
  if (!file) return fail(file.error());
  Checkpoint checkpoint(*std::move(file));
  auto tensors = read_safetensors(checkpoint.file_);
  if (!tensors) return fail(tensors.error());
  checkpoint.tensors_ = *std::move(tensors);
  return checkpoint;
}

Result<Checkpoint::Match> Checkpoint::match(const Model& model, PayloadReader& payloads,
                                            const Plan& plan) const {
  ModelTensors known(model, plan);
  if (auto done = known.read(payloads); !done) return fail(done.error());
  Match match;
  std::vector<bool> found(plan.tensors.size());
  std::vector<std::optional<Candidate>> choices;
  for (const SafeTensor& tensor : tensors_) {
    choices.emplace_back();
    if (tensor.bits == 0 || tensor.length == 0) continue;
    const auto candidates = known.candidates(tensor, bytes(tensor));
    const auto choice = choose(plan, candidates, tensor.name);
    choices.back() = choice;
    if (!choice || choice->planned == kNone) continue;
    match.entries.push_back({tensor.name, choice->planned, choice->layout});
    for (const Candidate& candidate : candidates) {  // copies of it, too
      if (candidate.planned != kNone && move_text(plan, candidate) == move_text(plan, *choice)) {
        found[candidate.planned] = true;
      }
    }
  }
  // A checkpoint stores whole tensors.
  for (const PlanSparse& sparse : plan.sparse) match.missing.insert(known.id_of(sparse.values));
  for (std::uint32_t i = 0; i < plan.tensors.size(); ++i) {
    if (found[i]) continue;
    const auto elements = payloads.bytes(plan.tensors[i].payload);
    if (!elements) return fail(elements.error());
    const std::uint32_t table = table_with_rows(plan.tensors[i], *elements);
    if (table == kNone) {
      match.missing.insert(known.id_of(plan.tensors[i].payload));
      continue;
    }
    if (!choices[table]) {
      choices[table] = Candidate{"", i, CheckpointLayout::kRows};
      match.entries.push_back({tensors_[table].name, i, CheckpointLayout::kRows});
    }
    // The table moves in one way: as its first part, or as it was found whole.
    const std::uint32_t moved = choices[table]->planned;
    if (moved == kNone || choices[table]->layout == CheckpointLayout::kTransposed ||
        !rows_stay(plan.tensors[moved]) ||
        plan.tensors[moved].axes.back() != plan.tensors[i].axes.back()) {
      match.missing.insert(known.id_of(plan.tensors[i].payload));
    }
  }
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    if (tensors_[i].floating && tensors_[i].length > 0 && !choices[i]) {
      match.unmatched.push_back(tensors_[i].name);
    }
  }
  return match;
}

std::string_view Checkpoint::bytes(const SafeTensor& tensor) const {
  return file_.bytes().substr(tensor.offset, tensor.length);
}

// The table that has all rows of a tensor of the model; kNone when none has.
std::uint32_t Checkpoint::table_with_rows(const PlanTensor& planned,
                                          std::string_view elements) const {
  const ElementView& view = planned.view;
  if (!rows_stay(planned) || view.encoding != Encoding::kFixed || view.bits < 8) return kNone;
  const std::uint64_t width = view.bits / 8;
  const std::uint64_t row_bytes = view.shape.back() * width;
  if (row_bytes <= width || view.row_stride != view.shape.back()) return kNone;
  for (std::uint32_t i = 0; i < tensors_.size(); ++i) {
    const SafeTensor& tensor = tensors_[i];
    const bool is_table = tensor.bits == view.bits && tensor.shape.size() >= 2 &&
                          tensor.shape.back() == view.shape.back() && tensor.length > 0;
    if (is_table && has_rows(bytes(tensor), elements, row_bytes, width)) return i;
  }
  return kNone;
}

Result<CopyJob> Checkpoint::job(const Plan& plan, const std::vector<CheckpointEntry>& entries,
                                const std::vector<Permutation>& groups) const {
  Plan mapped;
  for (const CheckpointEntry& entry : entries) {
    const auto tensor = std::ranges::find(tensors_, entry.name, &SafeTensor::name);
    const PlanTensor& planned = plan.tensors[entry.tensor];
    if (tensor == tensors_.end() || !fits(view_of(planned, *tensor, entry.layout), *tensor)) {
      return fail(ErrorKind::kInput,
                  in_quotes(file_.path().native()) + " has no tensor " + in_quotes(entry.name) +
                      " of the right shape",
                  "name the checkpoint of this model");
    }
    PlanTensor moved = planned;
    moved.name = entry.name;
    moved.payload = {0, tensor->offset, tensor->length};
    moved.view = view_of(planned, *tensor, entry.layout);
    if (entry.layout == CheckpointLayout::kTransposed) std::ranges::reverse(moved.axes);
    if (entry.layout == CheckpointLayout::kRows) {
      moved.axes = {AxisMap{AxisMap::Kind::kFixed, moved.view.shape[0], kNone, {}},
                    planned.axes.back()};
    }
    mapped.tensors.push_back(std::move(moved));
  }
  std::ranges::sort(mapped.tensors, {}, [](const PlanTensor& t) { return t.payload.offset; });
  return encryption_job(mapped, groups, {file_.path()});
}

Result<void> write_checkpoint(const CopyJob& job, const fs::path& out, bool force,
                              unsigned threads) {
  OutputSet outputs({job.files[0].input});
  const auto number =
      outputs.add(out, {.if_exists = force ? IfExists::kReplace : IfExists::kRefuse});
  if (!number) return fail(number.error());
  CopyOptions options;
  options.threads = threads;
  const auto copied = copy_files(job, options, [&](std::size_t, std::uint64_t offset, auto bytes) {
    return outputs.write(*number, offset, bytes);
  });
  if (!copied) return fail(copied.error());
  return outputs.commit();
}

}  // namespace permcrypt
