#include "proof/contents.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>

#include "base/mapped_file.h"
#include "base/page_budget.h"
#include "base/parallel.h"
#include "proof/renumbered.h"
#include "proof/sparse_contents.h"

namespace permcrypt::proof {
namespace {

using Files = std::vector<MappedFile>;

Result<Files> map_files(const Model& model) {
  Files out;
  for (const ModelFile& file : model.files) {
    auto mapped = MappedFile::open(file.path);
    if (!mapped) return tl::unexpected(mapped.error());
    out.push_back(*std::move(mapped));
  }
  return out;
}

// What is to be compared of one tensor.
struct Task {
  std::optional<Renumbering> planned;  // none: it stays
  std::uint64_t parts = 1;
};

class Comparison {
 public:
  Comparison(const Model& original, const Model& encrypted, Files files, Files encrypted_files)
      : original_(original),
        encrypted_(encrypted),
        files_(std::move(files)),
        encrypted_files_(std::move(encrypted_files)) {}

  bool is_of_every_byte(TensorId id, TensorId encrypted, const Task& task) const {
    const Tensor &o = original_.tensors[id], &e = encrypted_.tensors[encrypted];
    if (!comparable(o, e)) return false;
    const Payload there{bytes(encrypted_files_, *e.payload), e.encoding};
    return !task.planned ||
           task.planned->is_of_every_byte(there, {bytes(files_, *o.payload), o.encoding});
  }

  std::uint64_t parts(TensorId id, TensorId encrypted, const Renumbering& planned) const {
    const Tensor &o = original_.tensors[id], &e = encrypted_.tensors[encrypted];
    if (!comparable(o, e)) return 1;
    return planned.parts({bytes(encrypted_files_, *e.payload), e.encoding},
                         {bytes(files_, *o.payload), o.encoding});
  }

  // What is wrong with one part of a tensor; nothing if it is as it should be.
  std::optional<TensorClaim> problem(TensorId id, TensorId encrypted, const Task& task,
                                     std::uint64_t part) {
    const Tensor &o = original_.tensors[id], &e = encrypted_.tensors[encrypted];
    if (o.type != e.type || o.shape != e.shape) return differs("has another type or shape");
    if (!comparable(o, e)) return compare_unmovable(o, e);
    const auto there = bytes(encrypted_files_, *e.payload), here = bytes(files_, *o.payload);
    const bool same = task.planned
                          ? task.planned->holds({there, e.encoding}, {here, o.encoding}, part)
                          : there == here;
    pages_.spend({files_, encrypted_files_}, (there.size() + here.size()) / task.parts);
    if (same) return std::nullopt;
    return differs(task.planned ? "is not renumbered as planned" : "was changed");
  }

 private:
  static bool comparable(const Tensor& o, const Tensor& e) { return o.payload && e.payload; }

  static std::string_view bytes(const Files& files, const ByteSpan& span) {
    const auto range = files[span.file].range(span.offset, span.length);
    return range ? *range : std::string_view();
  }

  static TensorClaim differs(const char* problem) { return {kNone, {}, problem, true}; }

  // Strings, payloads in several pieces: the message as a whole.
  std::optional<TensorClaim> compare_unmovable(const Tensor& o, const Tensor& e) const {
    const bool nothing = std::ranges::find(o.shape, 0) != o.shape.end();
    if (nothing || (!o.external && !e.external &&
                    message(files_, original_, o) == message(encrypted_files_, encrypted_, e))) {
      return std::nullopt;
    }
    return TensorClaim{kNone, {}, "cannot be compared", false};
  }

  static std::string_view message(const Files& files, const Model& model, const Tensor& tensor) {
    const Frame& frame = model.frames[tensor.frame];
    return files[0].bytes().substr(frame.begin, frame.end - frame.begin);
  }

  const Model &original_, &encrypted_;
  Files files_, encrypted_files_;
  PageBudget pages_;
};

// The k-th tensor of a name in one file is that in the other.
void pair_by_name(const Model& original, const Model& encrypted, std::vector<TensorClaim>& out) {
  std::map<std::string, std::vector<TensorId>> named;
  for (TensorId id = encrypted.tensors.size(); id-- > 0;) {
    named[encrypted.tensors[id].name].push_back(id);
  }
  for (TensorId id = 0; id < original.tensors.size(); ++id) {
    auto& left = named[original.tensors[id].name];
    out[id].claim.related = false;
    out[id].problem = "is missing";
    if (left.empty()) continue;
    out[id].encrypted = left.back();
    left.pop_back();
  }
}

// The tensor of the original whose elements a planned payload is.
std::map<std::pair<std::uint32_t, std::uint64_t>, const PlanTensor*> by_place(const Plan& plan) {
  std::map<std::pair<std::uint32_t, std::uint64_t>, const PlanTensor*> out;
  for (const PlanTensor& t : plan.tensors) out[{t.payload.file, t.payload.offset}] = &t;
  return out;
}

const PlanTensor* find_plan(
    const std::map<std::pair<std::uint32_t, std::uint64_t>, const PlanTensor*>& planned,
    const Tensor& tensor) {
  const auto found = planned.find({tensor.payload->file, tensor.payload->offset});
  const bool same = found != planned.end() && found->second->payload == *tensor.payload;
  return same ? found->second : nullptr;
}

bool is_plain_view(const ElementView& view, const Tensor& tensor) {
  return static_cast<int>(view.bits) == element_bits(tensor.type) &&
         std::ranges::equal(
             view.shape, tensor.shape,
             [](std::uint64_t x, std::int64_t y) { return x == static_cast<std::uint64_t>(y); }) &&
         (view.shape.empty() || view.row_stride == view.shape.back());
}

// What the plan, if it has the tensor, makes of it.
Claim suggested_claim(const Tensor& tensor, const PlanTensor* planned,
                      const std::vector<Permutation>& groups, Terms& terms, Orders& orders) {
  Claim claim;
  claim.related = false;
  claim.type = tensor.type;
  claim.axes.emplace();
  if (!planned) {
    for (const std::int64_t n : tensor.shape) claim.axes->push_back({terms.constant(n)});
    return claim;
  }
  if (!is_plain_view(planned->view, tensor)) {
    claim.packed_bits = static_cast<int>(planned->view.bits);
  }
  for (std::size_t k = 0; k < planned->axes.size(); ++k) {
    const auto extent = static_cast<std::int64_t>(planned->view.shape[k]);
    claim.axes->push_back(
        {terms.constant(extent), planned_order(planned->axes[k], groups, orders)});
  }
  if (planned->values) {
    claim.code = orders.inverse(planned_order(*planned->values, groups, orders));
  }
  return claim;
}

Renumbering suggested_renumbering(const PlanTensor& planned, const Tensor& tensor,
                                  const Claim& claim, const Orders& orders) {
  std::vector<Renumbering::Order> along;
  for (const Axis& axis : *claim.axes) along.emplace_back(orders.permutation(axis.order));
  return {planned.view, std::move(along), orders.permutation(claim.code), tensor.type};
}

}  // namespace

OrderId planned_order(const AxisMap& map, const std::vector<Permutation>& groups, Orders& orders) {
  return map.moves() ? orders.of(axis_permutation(map, groups).old_of_new()) : kPlain;
}

Result<std::vector<TensorClaim>> compare_contents(const Model& original, const Model& encrypted,
                                                  const Plan& plan,
                                                  const std::vector<Permutation>& groups,
                                                  unsigned threads, Terms& terms, Orders& orders) {
  auto files = map_files(original), encrypted_files = map_files(encrypted);
  if (!files) return tl::unexpected(files.error());
  if (!encrypted_files) return tl::unexpected(encrypted_files.error());
  Comparison comparison(original, encrypted, *std::move(files), *std::move(encrypted_files));
  std::vector<TensorClaim> out(original.tensors.size());
  pair_by_name(original, encrypted, out);
  const auto planned = by_place(plan);
  std::vector<const PlanTensor*> plans(out.size());
  for (TensorId id = 0; id < out.size(); ++id) {
    const Tensor& tensor = original.tensors[id];
    plans[id] = tensor.payload ? find_plan(planned, tensor) : nullptr;
    out[id].claim = suggested_claim(tensor, plans[id], groups, terms, orders);
  }
  std::vector<Task> tasks(out.size());
  std::vector<std::pair<TensorId, std::uint64_t>> parts;
  for (TensorId id = 0; id < out.size(); ++id) {
    if (out[id].encrypted == kNone) continue;
    out[id].problem.clear();
    out[id].claim.related = true;
  }
  const auto compared = claim_sparse(original, encrypted, plan, groups, terms, orders, out);
  if (!compared) return tl::unexpected(compared.error());
  for (TensorId id = 0; id < out.size(); ++id) {
    if (out[id].encrypted == kNone || (*compared)[id]) continue;
    if (plans[id]) {
      tasks[id].planned =
          suggested_renumbering(*plans[id], original.tensors[id], out[id].claim, orders);
      tasks[id].parts = comparison.parts(id, out[id].encrypted, *tasks[id].planned);
    }
    out[id].every_byte = comparison.is_of_every_byte(id, out[id].encrypted, tasks[id]);
    for (std::uint64_t part = 0; part < tasks[id].parts; ++part) parts.emplace_back(id, part);
  }
  std::mutex mutex;  // guards what is written to `out`
  const auto done = parallel_for(parts.size(), threads, [&](std::size_t i) -> Result<void> {
    const auto [id, part] = parts[i];
    const auto problem = comparison.problem(id, out[id].encrypted, tasks[id], part);
    if (!problem) return {};
    const std::lock_guard lock(mutex);
    out[id].problem = problem->problem;
    out[id].differs = problem->differs;
    out[id].every_byte = false;
    out[id].claim.related = false;
    return {};
  });
  if (!done) return tl::unexpected(done.error());
  for (const SparseTensor& sparse : original.sparse) {
    const bool known = sparse.indices != kNone && out[sparse.indices].claim.related;
    if (!known) out[sparse.values].claim.related = false;
  }
  return out;
}

}  // namespace permcrypt::proof
