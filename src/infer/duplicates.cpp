#include "infer/duplicates.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

namespace permcrypt {
namespace {

constexpr std::size_t kSamples = 64;

// A constant whose elements lie in fixed width and can be compared.
struct Matrix {
  ValueId id = kNone;
  std::uint64_t rows = 1, columns = 1;  // of rank 2; otherwise one row of all elements
  std::uint64_t width = 1;              // bytes per element
  std::vector<std::int64_t> shape;
  ByteSpan span;
  std::string_view bytes;

  const char* at(std::uint64_t row, std::uint64_t column) const {
    return bytes.data() + (row * columns + column) * width;
  }
};

std::optional<Matrix> as_matrix(const Graph& graph, ValueId id) {
  const GraphValue& value = graph.values[id];
  if (value.tensor == kNone) return std::nullopt;
  const Tensor& tensor = graph.model->tensors[value.tensor];
  const int bits = element_bits(tensor.type);
  if (!tensor.payload || tensor.encoding != Encoding::kFixed || bits < 8) return std::nullopt;
  Matrix m;
  m.id = id;
  m.width = static_cast<std::uint64_t>(bits) / 8;
  m.shape = tensor.shape;
  const std::uint64_t count = tensor.payload->length / m.width;
  // Single rows repeat by chance (biases of zeros, unit gains): only matrices give a copy away.
  if (tensor.shape.size() < 2 || count < kSamples) return std::nullopt;
  m.columns = static_cast<std::uint64_t>(tensor.shape.back());
  if (m.columns == 0) return std::nullopt;
  m.rows = count / m.columns;
  if (m.rows == 0) return std::nullopt;
  auto bytes = graph.payloads->bytes(*tensor.payload);
  if (!bytes) return std::nullopt;
  m.span = *tensor.payload;
  m.bytes = *bytes;
  return m;
}

// Constant matrices (masks, zeros) are equal without being copies of one another.
Result<bool> is_uniform(PayloadReader& payloads, const Matrix& m) {
  const std::uint64_t rest = m.span.length - m.width;
  return payloads.equal({m.span.file, m.span.offset, rest},
                        {m.span.file, m.span.offset + m.width, rest});
}

bool element_equal(const Matrix& x, const Matrix& y, bool transposed, std::uint64_t row,
                   std::uint64_t column) {
  return std::memcmp(x.at(row, column), transposed ? y.at(column, row) : y.at(row, column),
                     x.width) == 0;
}

Result<bool> is_copy(PayloadReader& payloads, const Matrix& x, const Matrix& y, bool transposed) {
  for (std::uint64_t s = 0; s < kSamples; ++s) {
    const std::uint64_t i = s * (x.rows * x.columns - 1) / (kSamples - 1);
    if (!element_equal(x, y, transposed, i / x.columns, i % x.columns)) return false;
  }
  if (!transposed) return payloads.equal(x.span, y.span);
  for (std::uint64_t r = 0; r < x.rows; ++r) {
    for (std::uint64_t k = 0; k < x.columns; ++k) {
      if (!element_equal(x, y, true, r, k)) return false;
    }
  }
  return true;
}

// Whether `m` is a copy of `o`, and if so, whether a transposed one.
Result<std::optional<bool>> is_copy(PayloadReader& payloads, const Matrix& o, const Matrix& m) {
  for (const bool transposed : {false, true}) {
    const bool fits = transposed ? o.shape.size() == 2 && m.shape.size() == 2 &&
                                       o.rows == m.columns && o.columns == m.rows
                                 : o.shape == m.shape;
    if (!fits) continue;
    const auto copy = is_copy(payloads, o, m, transposed);
    if (!copy) return fail(copy.error());
    if (*copy) return transposed;
  }
  return std::nullopt;
}

// Matrices of one width and extents, in either orientation, and with the same elements on the
// diagonal, where transposing moves none, are candidates.
using Key = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, std::string>;

Key key_of(const Matrix& m) {
  constexpr std::uint64_t kDiagonal = 8;
  const std::uint64_t side = std::min(m.rows, m.columns);
  std::string diagonal(m.at(m.rows - 1, m.columns - 1), m.width);
  for (std::uint64_t s = 0; s < kDiagonal; ++s) {
    const std::uint64_t i = s * (side - 1) / (kDiagonal - 1);
    diagonal.append(m.at(i, i), m.width);
  }
  return {m.width, side, std::max(m.rows, m.columns), std::move(diagonal)};
}

}  // namespace

namespace {

// Sparse tensors of which all bytes are equal.
void find_sparse_copies(const Graph& graph, std::vector<Duplicate>& out) {
  using Parts = std::tuple<std::vector<std::int64_t>, std::string_view, std::string_view>;
  std::map<Parts, ValueId> seen;
  for (ValueId id = 0; id < graph.values.size(); ++id) {
    const auto& sparse = graph.values[id].sparse;
    if (!sparse || !sparse->unmovable.empty()) continue;
    const SparseTensor& parts = graph.model->sparse[sparse->number];
    const Tensor& values = graph.model->tensors[parts.values];
    if (parts.shape.size() < 2 || !values.payload) continue;
    if (static_cast<std::size_t>(values.shape[0]) < kSamples) continue;
    const auto elements = graph.payloads->bytes(*values.payload);
    const auto indices = graph.payloads->bytes(*graph.model->tensors[parts.indices].payload);
    if (!elements || !indices) continue;
    const auto [first, is_new] = seen.try_emplace({parts.shape, *elements, *indices}, id);
    if (!is_new) out.push_back({first->second, id, false});
  }
}

}  // namespace

Result<std::vector<Duplicate>> find_duplicates(const Graph& graph) {
  std::map<Key, std::vector<Matrix>> originals;
  std::vector<Duplicate> out;
  for (ValueId id = 0; id < graph.values.size(); ++id) {
    const auto m = as_matrix(graph, id);
    if (!m) continue;
    const auto uniform = is_uniform(*graph.payloads, *m);
    if (!uniform) return fail(uniform.error());
    if (*uniform) continue;
    auto& seen = originals[key_of(*m)];
    bool found = false;
    for (const Matrix& o : seen) {
      const auto transposed = is_copy(*graph.payloads, o, *m);
      if (!transposed) return fail(transposed.error());
      if (!*transposed) continue;
      out.push_back({o.id, m->id, **transposed});
      found = true;
      break;
    }
    if (!found) seen.push_back(*m);
  }
  find_sparse_copies(graph, out);
  return out;
}

void tie_duplicates(Workspace& ws, const std::vector<Duplicate>& duplicates) {
  for (const Duplicate& d : duplicates) {
    Operand &x = ws.operands[d.original], &y = ws.operands[d.copy];
    if (x.axes.size() != y.axes.size()) {  // seen through unlike views
      ws.pin(x, "copy of a tensor that is used in another form");
      ws.pin(y, "copy of a tensor that is used in another form");
      continue;
    }
    for (std::size_t k = 0; k < x.axes.size(); ++k) {
      const Axis& other = y.axes[d.transposed ? y.axes.size() - 1 - k : k];
      if (x.axes[k].same_extent(other)) {
        ws.axes.unify(x.axes[k].expr, other.expr);
      } else {
        ws.pin(x, "copy of a tensor that is used in another form");
        ws.pin(y, "copy of a tensor that is used in another form");
      }
    }
  }
}

std::vector<std::vector<ValueId>> duplicate_classes(const std::vector<Duplicate>& duplicates) {
  std::map<ValueId, std::vector<ValueId>> by_original;
  for (const Duplicate& d : duplicates) {
    auto& members = by_original[d.original];
    if (members.empty()) members.push_back(d.original);
    members.push_back(d.copy);
  }
  std::vector<std::vector<ValueId>> out;
  for (auto& [original, members] : by_original) out.push_back(std::move(members));
  return out;
}

}  // namespace permcrypt
