#include "infer/sparse_constant.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/checked.h"
#include "base/quote.h"

namespace permcrypt {
namespace {

constexpr std::size_t kMostNumbers = 1u << 22;  // of indices: they are sorted in memory
// A shape costs no bytes here, but permutations of its axes do, and numbers for its elements.
constexpr std::int64_t kLongestAxis = 1 << 24, kMostElements = std::int64_t{1} << 48;
constexpr std::int64_t kOneByte = 128;  // varints below it

class Examination {
 public:
  Examination(const Model& model, const SparseTensor& sparse)
      : model_(model),
        sparse_(sparse),
        values_(model.tensors[sparse.values]),
        elements_(checked_product<std::int64_t>(sparse.shape)) {}

  // What is wrong with how the tensor is stored, whatever its indices are.
  std::string form() const {
    if (sparse_.indices == kNone) return "sparse tensor without indices";
    const auto rank = static_cast<std::int64_t>(sparse_.shape.size());
    const std::vector<std::int64_t>& shape = indices().shape;
    if (values_.shape.size() != 1 || shape.empty() || shape.size() > 2 ||
        shape[0] != values_.shape[0] || (coordinates() && shape[1] != rank)) {
      return "sparse tensor with other indices than values";
    }
    if (indices().type != onnx::TensorProto::INT64) return "sparse tensor of unusual indices";
    if (values_.shape[0] == 0) return "";
    for (const Tensor* part : {&values_, &indices()}) {
      if (!part->payload) return "sparse tensor: " + part->unmovable;
    }
    if (element_bits(values_.type) < 8) return "sparse tensor of packed elements";
    if (!elements_ || *elements_ > kMostElements ||
        std::ranges::any_of(sparse_.shape, [](std::int64_t n) { return n > kLongestAxis; })) {
      return "sparse tensor of a huge shape";
    }
    if (values_.shared || indices().shared) {
      return "sparse tensor that shares its bytes with another";
    }
    return "";
  }

  // The indices of entry k; `all` are those of the file.
  std::span<const std::int64_t> entry(const std::vector<std::int64_t>& all, std::size_t k) const {
    const std::size_t width = coordinates() ? sparse_.shape.size() : 1;
    return std::span(all).subspan(k * width, width);
  }

  bool is_inside(std::span<const std::int64_t> entry) const {
    if (!coordinates()) return entry[0] >= 0 && (!elements_ || entry[0] < *elements_);
    return std::ranges::equal(entry, sparse_.shape,
                              [](std::int64_t i, std::int64_t n) { return i >= 0 && i < n; });
  }

  bool on_diagonal(std::span<const std::int64_t> entry) const {
    const bool matrix = sparse_.shape.size() == 2 && sparse_.shape[0] == sparse_.shape[1];
    if (!matrix) return false;
    if (coordinates()) return entry[0] == entry[1];
    return entry[0] / sparse_.shape[1] == entry[0] % sparse_.shape[1];
  }

  // Whether other indices would take the same bytes.
  bool any_index_fits() const {
    const Tensor& stored = indices();
    if (stored.encoding == Encoding::kFixed) return true;
    const bool short_ones =
        coordinates() ? std::ranges::all_of(sparse_.shape, [](auto n) { return n <= kOneByte; })
                      : *elements_ <= kOneByte;
    const auto numbers = checked_product<std::uint64_t>(stored.shape);
    return short_ones &&
           stored.payload->length == *numbers * (stored.encoding == Encoding::kTagged ? 2 : 1);
  }

 private:
  const Tensor& indices() const { return model_.tensors[sparse_.indices]; }
  bool coordinates() const { return indices().shape.size() == 2; }

  const Model& model_;
  const SparseTensor& sparse_;
  const Tensor& values_;
  const std::optional<std::int64_t> elements_;
};

// What the indices, which are `all`, say.
Result<void> check_entries(const Examination& examined, const std::vector<std::int64_t>& all,
                           std::size_t count, const std::string& name, SparseConstant& out) {
  bool ascend = true;
  out.diagonal = true;
  for (std::size_t k = 0; k < count; ++k) {
    const auto entry = examined.entry(all, k);
    if (!examined.is_inside(entry)) {
      return fail(ErrorKind::kInput, "tensor " + in_quotes(name) + ": entry " + std::to_string(k) +
                                         " of a sparse tensor lies outside of its shape");
    }
    ascend = ascend &&
             (k == 0 || std::ranges::lexicographical_compare(examined.entry(all, k - 1), entry));
    out.diagonal = out.diagonal && examined.on_diagonal(entry);
  }
  if (!ascend) {
    out.unmovable = "sparse tensor whose indices do not ascend";
  } else if (!examined.any_index_fits()) {
    out.unmovable = "sparse tensor whose indices would take another number of bytes";
  }
  return {};
}

}  // namespace

Result<SparseConstant> check_sparse(const Model& model, const SparseTensor& sparse,
                                    PayloadReader& payloads) {
  const Tensor& values = model.tensors[sparse.values];
  const Examination examined(model, sparse);
  Result<SparseConstant> out;
  out->number = static_cast<std::uint32_t>(&sparse - model.sparse.data());
  out->unmovable = examined.form();
  if (!out->unmovable.empty() || values.shape[0] == 0) return out;
  const auto all = payloads.integers(sparse.indices, kMostNumbers);
  if (!all) {
    out->unmovable = "sparse tensor of very many entries";
    return out;
  }
  const auto count = static_cast<std::size_t>(values.shape[0]);
  if (auto done = check_entries(examined, *all, count, values.name, *out); !done) {
    return fail(std::move(done.error()));
  }
  return out;
}

}  // namespace permcrypt
