#include "proof/sparse_contents.h"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/checked.h"
#include "proof/renumbered.h"

namespace permcrypt::proof {
namespace {

using Order = Renumbering::Order;

constexpr std::size_t kMostNumbers = 1u << 26;  // of the indices of one tensor

// One model's sparse tensors, by their values.
class SparseTensors {
 public:
  explicit SparseTensors(const Model& model) : model_(model), payloads_(model) {
    for (const SparseTensor& sparse : model.sparse) by_values_[sparse.values] = &sparse;
  }

  const SparseTensor* of(TensorId values) const {
    const auto found = by_values_.find(values);
    return found == by_values_.end() ? nullptr : found->second;
  }

  // Row-major numbers of the elements that are stored; nothing unless they ascend within the shape.
  std::optional<std::vector<std::uint64_t>> elements(const SparseTensor& sparse) {
    const auto numbers = payloads_.integers(sparse.indices, kMostNumbers);
    const Tensor& indices = model_.tensors[sparse.indices];
    const std::size_t width = indices.shape.size() == 2 ? sparse.shape.size() : 1;
    if (!numbers || width == 0 || numbers->size() % width != 0) return std::nullopt;
    const std::vector<std::int64_t> whole{checked_product<std::int64_t>(sparse.shape).value_or(0)};
    const auto& shape = indices.shape.size() == 2 ? sparse.shape : whole;
    std::vector<std::uint64_t> out;
    for (std::size_t at = 0; at < numbers->size(); at += width) {
      std::uint64_t element = 0;
      for (std::size_t k = 0; k < width; ++k) {
        const std::int64_t index = (*numbers)[at + k];
        if (index < 0 || index >= shape[k]) return std::nullopt;
        element =
            element * static_cast<std::uint64_t>(shape[k]) + static_cast<std::uint64_t>(index);
      }
      if (!out.empty() && element <= out.back()) return std::nullopt;
      out.push_back(element);
    }
    return out;
  }

  // Empty where they cannot be read.
  Payload values(const SparseTensor& sparse) {
    const Tensor& values = model_.tensors[sparse.values];
    if (!values.payload) return {};
    const auto bytes = payloads_.bytes(*values.payload);
    return bytes ? Payload{*bytes, values.encoding} : Payload{};
  }

 private:
  const Model& model_;
  PayloadReader payloads_;
  std::map<TensorId, const SparseTensor*> by_values_;
};

// encrypted[i, j, ..] = original[order0(i), order1(j), ..]: the element of the original.
std::uint64_t element_before(std::uint64_t element, const std::vector<std::int64_t>& shape,
                             const std::vector<Order>& along) {
  std::uint64_t before = 0, stride = 1;
  for (std::size_t k = shape.size(); k-- > 0;) {
    const auto extent = static_cast<std::uint64_t>(shape[k]);
    const std::uint64_t index = element % extent;
    before += stride * (along[k].empty() ? index : along[k][index]);
    stride *= extent;
    element /= extent;
  }
  return before;
}

// Which entry of the original each entry is; nothing where an element is stored in one model only.
std::optional<std::vector<std::uint32_t>> entries_before(
    const std::vector<std::uint64_t>& encrypted, const std::vector<std::uint64_t>& original,
    const std::vector<std::int64_t>& shape, const std::vector<Order>& along) {
  if (encrypted.size() != original.size()) return std::nullopt;
  std::vector<std::uint32_t> out;
  for (const std::uint64_t element : encrypted) {
    const std::uint64_t before = element_before(element, shape, along);
    const auto found = std::ranges::lower_bound(original, before);
    if (found == original.end() || *found != before) return std::nullopt;
    out.push_back(static_cast<std::uint32_t>(found - original.begin()));
  }
  return out;
}

const PlanSparse* find_plan(const Plan& plan, const Tensor& values) {
  const auto same = [&](const PlanSparse& planned) { return planned.values == values.payload; };
  const auto found = std::ranges::find_if(plan.sparse, same);
  return found == plan.sparse.end() ? nullptr : &*found;
}

class SparseComparison {
 public:
  SparseComparison(const Model& original, const Model& encrypted)
      : model_(original), original_(original), encrypted_(encrypted) {}

  // What is wrong with the counterparts of both parts; "" if nothing is.
  std::string problem(const SparseTensor& sparse, TensorId values, TensorId indices,
                      const std::vector<Order>* along) {
    const SparseTensor* there = encrypted_.of(values);
    if (!there || there->shape != sparse.shape || there->indices != indices) {
      return "is another sparse tensor";
    }
    return along ? renumbered(sparse, *there, *along) : "";
  }

 private:
  std::string renumbered(const SparseTensor& here, const SparseTensor& there,
                         const std::vector<Order>& along) {
    const Tensor& tensor = model_.tensors[here.values];
    const auto o = original_.elements(here), e = encrypted_.elements(there);
    if (along.size() != here.shape.size() || !o || !e) return "is not stored as planned";
    for (std::size_t k = 0; k < along.size(); ++k) {
      const auto extent = static_cast<std::size_t>(here.shape[k]);
      if (!along[k].empty() && along[k].size() != extent) return "is not stored as planned";
    }
    const auto entries = entries_before(*e, *o, here.shape, along);
    if (!entries) return "has elements in other places than planned";
    const auto bits = static_cast<std::uint32_t>(element_bits(tensor.type));
    const ElementView row{bits, {entries->size()}, entries->size(), Encoding::kFixed};
    const Renumbering values(row, {Order(*entries)}, {}, tensor.type);
    const Payload before = original_.values(here), after = encrypted_.values(there);
    for (std::uint64_t part = 0; part < values.parts(after, before); ++part) {
      if (!values.holds(after, before, part)) return "is not renumbered as planned";
    }
    return "";
  }

  const Model& model_;
  SparseTensors original_, encrypted_;
};

}  // namespace

Result<std::vector<bool>> claim_sparse(const Model& original, const Model& encrypted,
                                       const Plan& plan, const std::vector<Permutation>& groups,
                                       Terms& terms, Orders& orders,
                                       std::vector<TensorClaim>& claims) {
  std::vector<bool> compared(claims.size());
  SparseComparison comparison(original, encrypted);
  for (const SparseTensor& sparse : original.sparse) {
    const Tensor& tensor = original.tensors[sparse.values];
    const PlanSparse* planned = tensor.payload ? find_plan(plan, tensor) : nullptr;
    TensorClaim& claim = claims[sparse.values];
    claim.claim.axes.emplace();
    for (const std::int64_t n : sparse.shape) claim.claim.axes->push_back({terms.constant(n)});
    if (claim.encrypted == kNone || sparse.indices == kNone) continue;
    std::vector<Order> along;
    for (std::size_t k = 0; planned && k < std::min(planned->axes.size(), sparse.shape.size());
         ++k) {
      (*claim.claim.axes)[k].order = planned_order(planned->axes[k], groups, orders);
      along.emplace_back(orders.permutation((*claim.claim.axes)[k].order));
    }
    if (planned) compared[sparse.values] = compared[sparse.indices] = true;
    claim.problem = comparison.problem(sparse, claim.encrypted, claims[sparse.indices].encrypted,
                                       planned ? &along : nullptr);
    claim.differs = !claim.problem.empty();
    if (claim.differs) claim.claim.related = false;
  }
  return compared;
}

}  // namespace permcrypt::proof
