#include "apply/sparse.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <optional>
#include <utility>

#include "apply/encoded.h"
#include "apply/gather.h"
#include "apply/layout.h"
#include "base/mapped_file.h"
#include "base/quote.h"
#include "read/wire.h"

namespace permcrypt {
namespace {

using Numbers = std::vector<std::uint64_t>;

tl::unexpected<Error> unfit(const PayloadMove& move, const char* what) {
  return fail(ErrorKind::kInput, "sparse tensor " + in_quotes(move.name) + ": " + what);
}

// How many numbers the indices of one entry are.
std::uint64_t width_of(const PayloadMove& move) {
  return move.sparse->coordinates ? move.view.shape.size() : 1;
}

// The stored numbers: as many as there are entries, or a multiple of that.
std::optional<Numbers> read_numbers(const PayloadMove& move, std::string_view stored) {
  const SparseMove& sparse = *move.sparse;
  const std::uint64_t width = width_of(move);
  if (width == 0 || sparse.entries > stored.size() / width) return std::nullopt;  // a byte each
  const std::uint64_t count = sparse.entries * width;
  Numbers numbers;
  numbers.reserve(count);
  if (sparse.encoding == Encoding::kFixed) {
    if (stored.size() != count * sizeof numbers[0]) return std::nullopt;
    numbers.resize(count);
    std::memcpy(numbers.data(), stored.data(), stored.size());
    return numbers;
  }
  for (std::uint64_t at = 0; at < stored.size();) {
    const auto element = read_element(stored, at, sparse.encoding);
    if (!element || !element->number || numbers.size() == count) return std::nullopt;
    numbers.push_back(*element->number);
    at = element->end;
  }
  if (numbers.size() != count) return std::nullopt;
  return numbers;
}

// The same as row-major numbers; nothing unless they are in the shape, and ascend.
std::optional<Numbers> row_major(const PayloadMove& move, Numbers numbers) {
  const auto& shape = move.view.shape;
  const std::uint64_t width = width_of(move);
  std::uint64_t elements = 1;
  for (const std::uint64_t extent : shape) elements *= extent;
  for (std::size_t k = 0; k < numbers.size() / width; ++k) {
    std::uint64_t index = numbers[k * width];
    if (move.sparse->coordinates) {
      index = 0;
      for (std::size_t axis = 0; axis < width; ++axis) {
        if (numbers[k * width + axis] >= shape[axis]) return std::nullopt;
        index = index * shape[axis] + numbers[k * width + axis];
      }
    }
    if (index >= elements || (k > 0 && index <= numbers[k - 1])) return std::nullopt;
    numbers[k] = index;  // what was there has been read
  }
  numbers.resize(numbers.size() / width);
  return numbers;
}

IndexMaps maps_of(const PayloadMove& move, std::span<const LayoutAxis> axes) {
  IndexMaps maps;
  for (const LayoutAxis& axis : axes) {
    std::vector<std::uint32_t>& map = maps.emplace_back();
    if (axis.old_of_new == nullptr) continue;
    map.assign(axis.old_of_new, axis.old_of_new + axis.extent);
    if (!move.sparse->moved) map = Permutation(std::move(map)).inverse().old_of_new();
  }
  return maps;
}

// The order of the move, whether the indices that are stored are those before it or behind it.
Result<SparseOrder> order_of(const PayloadMove& move, std::string_view stored,
                             std::span<const Permutation> permutations) {
  const auto axes = checked_axes(move, permutations);
  if (!axes) return fail(axes.error());
  auto numbers = read_numbers(move, stored);
  if (!numbers) return unfit(move, "its indices are not encoded as its shape says");
  const auto indices = row_major(move, *std::move(numbers));
  if (!indices) return unfit(move, "its indices are not within its shape, in ascending order");
  SparseOrder order = renumber_sparse(*indices, move.view.shape, maps_of(move, *axes));
  if (move.sparse->moved) {
    order.old_of_new = Permutation(std::move(order.old_of_new)).inverse().old_of_new();
  }
  return order;
}

Result<std::string> permute_values(const PayloadMove& move, std::string_view payload,
                                   SparseOrder order) {
  PayloadMove row = move;
  row.view.shape = {move.sparse->entries};
  row.view.row_stride = move.sparse->entries;
  row.axes = {0};
  const std::array permutations{Permutation(std::move(order.old_of_new))};
  if (move.view.encoding != Encoding::kFixed) return permute_encoded(row, payload, permutations);
  const auto gather = Gather::prepare(row, permutations);
  if (!gather) return fail(gather.error());
  std::string out(payload.size(), '\0');
  if (auto done = gather->render(payload, 0, out.size(), out.data()); !done) {
    return fail(std::move(done.error()));
  }
  return out;
}

// What is stored for these indices.
Numbers numbers_of(const PayloadMove& move, const Numbers& indices) {
  if (!move.sparse->coordinates) return indices;
  const auto& shape = move.view.shape;
  Numbers numbers(indices.size() * shape.size());
  for (std::size_t k = 0; k < indices.size(); ++k) {
    std::uint64_t rest = indices[k];
    for (std::size_t axis = shape.size(); axis-- > 0; rest /= shape[axis]) {
      numbers[k * shape.size() + axis] = rest % shape[axis];
    }
  }
  return numbers;
}

Result<std::string> permute_indices(const PayloadMove& move, std::string_view stored,
                                    const SparseOrder& order) {
  const Numbers numbers = numbers_of(move, order.indices);
  std::string out;
  out.reserve(stored.size());
  if (move.sparse->encoding == Encoding::kFixed) {
    out.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof numbers[0]);
    return out;
  }
  std::uint64_t at = 0;
  for (const std::uint64_t number : numbers) {  // read_numbers() has found as many elements
    const auto element = read_element(stored, at, move.sparse->encoding);
    out += stored.substr(at, element->value - at);
    wire::append_varint(out, number);
    at = element->end;
  }
  if (out.size() != stored.size()) {
    return unfit(move, "its indices would take another number of bytes");
  }
  return out;
}

}  // namespace

SparseOrder renumber_sparse(std::span<const std::uint64_t> indices,
                            std::span<const std::uint64_t> shape, const IndexMaps& to) {
  Numbers moved(indices.size());
  for (std::size_t k = 0; k < indices.size(); ++k) {
    std::uint64_t rest = indices[k], stride = 1;
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      const std::uint64_t index = rest % shape[axis];
      moved[k] += stride * (to[axis].empty() ? index : to[axis][index]);
      rest /= shape[axis];
      stride *= shape[axis];
    }
  }
  SparseOrder order;
  order.old_of_new.resize(moved.size());
  std::iota(order.old_of_new.begin(), order.old_of_new.end(), 0u);
  std::ranges::sort(order.old_of_new, {}, [&](std::uint32_t entry) { return moved[entry]; });
  order.indices = std::move(moved);
  std::ranges::sort(order.indices);
  return order;
}

Result<std::string> permute_sparse(const PayloadMove& move, std::string_view payload,
                                   const CopyJob& job) {
  const auto file = MappedFile::open(job.files[move.sparse->file].input);
  if (!file) return fail(file.error());
  const auto stored = file->range(move.sparse->offset, move.sparse->length);
  if (!stored) return fail(stored.error());
  if (move.sparse->entries > kNone) return unfit(move, "it has too many entries");
  auto order = order_of(move, *stored, job.permutations);
  if (!order) return fail(std::move(order.error()));
  return move.sparse->of_indices ? permute_indices(move, payload, *order)
                                 : permute_values(move, payload, *std::move(order));
}

}  // namespace permcrypt
