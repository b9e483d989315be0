#include "write/checkpoint_match.h"

#include <algorithm>
#include <utility>

namespace permcrypt {
namespace {

constexpr std::uint64_t kSamples = 32;

// A few elements, spread evenly: tensors with other fingerprints differ.
std::string fingerprint(const TensorElements& elements) {
  std::string sample;
  const std::uint64_t count = elements.count();
  const std::uint64_t samples = std::min(kSamples, count);
  for (std::uint64_t i = 0; i < samples; ++i) {
    sample += elements[samples == 1 ? 0 : i * ((count - 1) / (samples - 1))];
  }
  return sample;
}

bool equal(std::string_view plain, const TensorElements& elements) {
  if (plain.size() != elements.bytes.size()) return false;
  if (elements.rows == 0) return plain == elements.bytes;
  for (std::uint64_t i = 0; i < elements.count(); ++i) {
    if (plain.substr(i * elements.width, elements.width) != elements[i]) return false;
  }
  return true;
}

// Of the same tensor in two places, one may have a prefix that says where it is.
bool same_name(std::string_view a, std::string_view b) {
  if (a.size() < b.size()) std::swap(a, b);
  if (!a.ends_with(b)) return false;
  return a.size() == b.size() || a[a.size() - b.size() - 1] == '.' ||
         a[a.size() - b.size() - 1] == '/';
}

bool movable(const PlanTensor& tensor, const TensorElements& elements) {
  if (tensor.values || tensor.view.bits != 8 * elements.width) return false;
  return elements.rows == 0 || tensor.view.shape.size() == 2;
}

}  // namespace

ModelTensors::Key ModelTensors::key_of(const TensorElements& elements) {
  return {elements.width, elements.count(), fingerprint(elements)};
}

ModelTensors::ModelTensors(const Model& model, const Plan& plan) : model_(model), plan_(plan) {
  for (std::uint32_t i = 0; i < plan.tensors.size(); ++i) {
    const ByteSpan& span = plan.tensors[i].payload;
    planned_[{span.file, span.offset, span.length}] = i;
  }
}

Result<void> ModelTensors::read(PayloadReader& payloads) {
  for (TensorId id = 0; id < model_.tensors.size(); ++id) {
    const Tensor& tensor = model_.tensors[id];
    if (const auto& span = tensor.payload) ids_[{span->file, span->offset, span->length}] = id;
    const auto bits = static_cast<std::uint64_t>(element_bits(tensor.type));
    if (!tensor.payload || tensor.encoding != Encoding::kFixed || bits < 8) continue;
    const auto bytes = payloads.bytes(*tensor.payload);
    if (!bytes) return fail(bytes.error());
    if (bytes->empty()) continue;
    by_key_[key_of({*bytes, bits / 8})].push_back({&tensor, *bytes});
  }
  return {};
}

TensorId ModelTensors::id_of(const ByteSpan& span) const {
  return ids_.at({span.file, span.offset, span.length});
}

std::vector<Candidate> ModelTensors::candidates(const SafeTensor& tensor,
                                                std::string_view bytes) const {
  std::vector<Candidate> found;
  add({bytes, tensor.bits / 8}, {}, found);
  if (tensor.shape.size() == 2) {
    const std::vector<std::int64_t> shape{static_cast<std::int64_t>(tensor.shape[1]),
                                          static_cast<std::int64_t>(tensor.shape[0])};
    add({bytes, tensor.bits / 8, tensor.shape[1], tensor.shape[0]}, shape, found);
  }
  return found;
}

void ModelTensors::add(const TensorElements& elements, const std::vector<std::int64_t>& shape,
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
    found.push_back({entry.tensor->name, number,
                     elements.rows != 0 ? CheckpointLayout::kTransposed : CheckpointLayout::kSame});
  }
}

std::string move_text(const Plan& plan, const Candidate& candidate) {
  if (candidate.planned == kNone) return "";
  const PlanTensor& tensor = plan.tensors[candidate.planned];
  std::string text = candidate.layout == CheckpointLayout::kSame ? "" : "transposed";
  for (std::size_t i = 0; i < tensor.axes.size(); ++i) {
    text += " " + std::to_string(tensor.view.shape[i]) + ":" + to_string(tensor.axes[i]);
  }
  return text;
}

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

}  // namespace permcrypt
