#include "write/checkpoint.h"

#include <algorithm>
#include <map>
#include <span>
#include <tuple>
#include <utility>

#include "base/output_file.h"
#include "base/quote.h"

namespace permcrypt {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSamples = 32;

// The elements of a tensor, row-major, or those of a matrix column by column.
struct Elements {
  std::string_view bytes;
  std::uint64_t width = 1;  // bytes per element
  std::uint64_t rows = 0;   // of the matrix as it is read; 0: in the order of the bytes
  std::uint64_t columns = 0;

  std::uint64_t count() const { return bytes.size() / width; }
  std::string_view operator[](std::uint64_t i) const {
    if (rows != 0) i = i % columns * rows + i / columns;
    return bytes.substr(i * width, width);
  }
};

// A few elements, spread evenly: tensors with other fingerprints differ.
std::string fingerprint(const Elements& elements) {
  std::string sample;
  const std::uint64_t count = elements.count();
  const std::uint64_t samples = std::min(kSamples, count);
  for (std::uint64_t i = 0; i < samples; ++i) {
    sample += elements[samples == 1 ? 0 : i * ((count - 1) / (samples - 1))];
  }
  return sample;
}

bool equal(std::string_view plain, const Elements& elements) {
  if (plain.size() != elements.bytes.size()) return false;
  if (elements.rows == 0) return plain == elements.bytes;
  for (std::uint64_t i = 0; i < elements.count(); ++i) {
    if (plain.substr(i * elements.width, elements.width) != elements[i]) return false;
  }
  return true;
}

// Width, number of elements, fingerprint.
using Key = std::tuple<std::uint64_t, std::uint64_t, std::string>;

Key key_of(const Elements& elements) {
  return {elements.width, elements.count(), fingerprint(elements)};
}

// Of the same tensor in two places, one may have a prefix that says where it is.
bool same_name(std::string_view a, std::string_view b) {
  if (a.size() < b.size()) std::swap(a, b);
  if (!a.ends_with(b)) return false;
  return a.size() == b.size() || a[a.size() - b.size() - 1] == '.' ||
         a[a.size() - b.size() - 1] == '/';
}

struct Candidate {
  std::string_view name;
  std::uint32_t planned = kNone;  // index into Plan::tensors
  bool transposed = false;
};

// What the plan does to the elements of the checkpoint's tensor: equal texts, equal moves.
std::string move_text(const Plan& plan, const Candidate& candidate) {
  if (candidate.planned == kNone) return "";
  const PlanTensor& tensor = plan.tensors[candidate.planned];
  std::string text = candidate.transposed ? "transposed" : "";
  for (std::size_t i = 0; i < tensor.axes.size(); ++i) {
    text += " " + std::to_string(tensor.view.shape[i]) + ":" + to_string(tensor.axes[i]);
  }
  return text;
}

// Matching looks up what the model has; built once.
class ModelTensors {
 public:
  ModelTensors(const Model& model, const Plan& plan) : model_(model), plan_(plan) {
    for (std::uint32_t i = 0; i < plan.tensors.size(); ++i) {
      const ByteSpan& span = plan.tensors[i].payload;
      planned_[{span.file, span.offset, span.length}] = i;
    }
  }

  Result<void> read(PayloadReader& payloads) {
    for (const Tensor& tensor : model_.tensors) {
      const auto bits = static_cast<std::uint64_t>(element_bits(tensor.type));
      if (!tensor.payload || tensor.encoding != Encoding::kFixed || bits < 8) continue;
      const auto bytes = payloads.bytes(*tensor.payload);
      if (!bytes) return fail(bytes.error());
      if (bytes->empty()) continue;
      by_key_[key_of({*bytes, bits / 8})].push_back({&tensor, *bytes});
    }
    return {};
  }

  std::vector<Candidate> candidates(const SafeTensor& tensor, std::string_view bytes) const {
    std::vector<Candidate> found;
    add({bytes, tensor.bits / 8}, {}, found);
    if (tensor.shape.size() == 2) {
      const std::vector<std::int64_t> shape{static_cast<std::int64_t>(tensor.shape[1]),
                                            static_cast<std::int64_t>(tensor.shape[0])};
      add({bytes, tensor.bits / 8, tensor.shape[1], tensor.shape[0]}, shape, found);
    }
    return found;
  }

 private:
  struct Entry {
    const Tensor* tensor;
    std::string_view bytes;
  };

  // `shape`: of the model's tensor, where it matters.
  void add(const Elements& elements, const std::vector<std::int64_t>& shape,
           std::vector<Candidate>& found) const {
    const auto entries = by_key_.find(key_of(elements));
    if (entries == by_key_.end()) return;
    for (const Entry& entry : entries->second) {
      if (!shape.empty() && entry.tensor->shape != shape) continue;
      if (!equal(entry.bytes, elements)) continue;
      const ByteSpan& span = *entry.tensor->payload;
      const auto planned = planned_.find({span.file, span.offset, span.length});
      const std::uint32_t number = planned == planned_.end() ? kNone : planned->second;
      if (number != kNone && !movable(plan_.tensors[number], elements)) continue;
      found.push_back({entry.tensor->name, number, elements.rows != 0});
    }
  }

  static bool movable(const PlanTensor& tensor, const Elements& elements) {
    if (tensor.values || tensor.view.bits != 8 * elements.width) return false;
    return elements.rows == 0 || tensor.view.shape.size() == 2;
  }

  const Model& model_;
  const Plan& plan_;
  std::map<std::tuple<std::uint32_t, std::uint64_t, std::uint64_t>, std::uint32_t> planned_;
  std::map<Key, std::vector<Entry>> by_key_;
};

// The one that it is; nothing when that cannot be told.
std::optional<Candidate> choose(const Plan& plan, std::vector<Candidate> candidates,
                                const std::string& name) {
  const auto named = std::ranges::stable_partition(
      candidates, [&](const Candidate& candidate) { return same_name(candidate.name, name); });
  if (named.begin() != candidates.begin()) candidates.erase(named.begin(), candidates.end());
  if (candidates.empty()) return std::nullopt;
  const std::string move = move_text(plan, candidates.front());
  for (const Candidate& candidate : candidates) {
    if (move_text(plan, candidate) != move) return std::nullopt;
  }
  return candidates.front();
}

ElementView view_of(const PlanTensor& planned, const SafeTensor& tensor, bool transposed) {
  ElementView view = planned.view;
  view.bits = tensor.bits;
  view.encoding = Encoding::kFixed;
  if (transposed) std::ranges::reverse(view.shape);
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
  for (const SafeTensor& tensor : tensors_) {
    if (tensor.bits == 0 || tensor.length == 0) continue;
    const std::string_view bytes = file_.bytes().substr(tensor.offset, tensor.length);
    const auto candidate = choose(plan, known.candidates(tensor, bytes), tensor.name);
    if (!candidate) {
      if (tensor.floating) match.unmatched.push_back(tensor.name);
    } else if (candidate->planned != kNone) {
      match.entries.push_back({tensor.name, candidate->planned, candidate->transposed});
    }
  }
  return match;
}

Result<CopyJob> Checkpoint::job(const Plan& plan, const std::vector<CheckpointEntry>& entries,
                                const std::vector<Permutation>& groups) const {
  Plan mapped;
  for (const CheckpointEntry& entry : entries) {
    const auto tensor = std::ranges::find(tensors_, entry.name, &SafeTensor::name);
    const PlanTensor& planned = plan.tensors[entry.tensor];
    if (tensor == tensors_.end() || !fits(view_of(planned, *tensor, entry.transposed), *tensor)) {
      return fail(ErrorKind::kInput,
                  in_quotes(file_.path().native()) + " has no tensor " + in_quotes(entry.name) +
                      " of the right shape",
                  "name the checkpoint of this model");
    }
    PlanTensor moved = planned;
    moved.name = entry.name;
    moved.payload = {0, tensor->offset, tensor->length};
    moved.view = view_of(planned, *tensor, entry.transposed);
    if (entry.transposed) std::ranges::reverse(moved.axes);
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
