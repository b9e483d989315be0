// Which bytes move where? A Plan holds groups, axis maps and byte spans, and no payload. It is all
// that token, decrypt and rekey need: they read it from the sealed manifest and never infer.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "permcrypt/model.h"
#include "permcrypt/permutation.h"
#include "permcrypt/status.h"

namespace permcrypt {

// How one axis is renumbered: a tree of groups.
struct AxisMap {
  enum class Kind : std::uint8_t { kFixed, kGroup, kProduct, kSum, kFibred };
  Kind kind = Kind::kFixed;
  std::uint64_t extent = 1;      // number of indices
  std::uint32_t group = kNone;   // kGroup: index into Plan::groups
  // kProduct: mixed radix, major first; kSum: segments; kFibred: a product of two in which fibred
  // groups of the second have a permutation of their own for each original index of the first.
  std::vector<AxisMap> parts;

  bool moves() const;            // some part is a group
  bool operator==(const AxisMap&) const = default;
};

// "g3", "64", "g1*g2", "(1+g4)*g2", "g1:g5": product binds tighter than sum, and fibres tightest;
// fixed parts are their extent.
std::string to_string(const AxisMap& map);
// The inverse of to_string; `group_sizes[i]` is the extent of g<i>, `group_fibres[i]` the number of
// its fibres (1 where the list ends). kInput on malformed text, unknown groups, fibres outside of a
// ':' with as many indices, or nesting beyond 256.
Result<AxisMap> parse_axis_map(std::string_view text, const std::vector<std::uint64_t>& group_sizes,
                               const std::vector<std::uint64_t>& group_fibres = {});
// The permutation of the whole axis. groups[i] is the permutation of g<i>, of a fibred group those
// of its fibres one after the other, as in a sum.
Permutation axis_permutation(const AxisMap& map, const std::vector<Permutation>& groups);

using GroupId = std::array<std::uint8_t, 32>;

struct PlanGroup {
  GroupId id{};             // hash of its sorted uses; names the group to the key schedule
  std::uint64_t size = 0;
  std::string role;         // for people: "residual", "heads", "vocabulary", ...
  std::uint64_t fibres = 1; // permutations it has: one for each index of the group it depends on
};

// How a payload is read as an array. Usually the tensor's own shape and width; packed formats
// (4-bit blocks in a uint8 tensor) are seen through a view.
struct ElementView {
  std::uint32_t bits = 8;                // per element: 4, 8, 16, 32, 64, 128
  std::vector<std::uint64_t> shape;      // row-major
  std::uint64_t row_stride = 0;          // elements from one innermost row to the next (>= the last
                                         // extent; the rest is padding that stays)
  Encoding encoding = Encoding::kFixed;
  bool operator==(const ElementView&) const = default;
};

struct PlanTensor {
  std::string name;            // scope + name, for inspect and for matching changed weights
  ByteSpan payload;            // in the *original* files
  ElementView view;
  std::vector<AxisMap> axes;   // one per extent of view.shape
  // Set when the elements are themselves coordinates of an axis (constant index tables): element
  // v becomes inverse(axis)[v]. Negative elements count from the end.
  std::optional<AxisMap> values;
};

// A sparse tensor: entry k is element k of the values, at index k. Its axes are permuted as those
// of the tensor that it stands for, and the entries are put in ascending order again.
struct PlanSparse {
  std::string name;           // of the values, as PlanTensor::name
  ElementView view;           // the whole tensor; bits and encoding are those of the values
  std::vector<AxisMap> axes;  // one per extent of view.shape
  std::uint64_t entries = 0;
  ByteSpan values, indices;  // in the *original* files
  Encoding index_encoding = Encoding::kFixed;
  bool coordinates = false;  // indices are [entries, rank], and not row-major numbers
};

enum class LockKind : std::uint8_t { kIndex, kInput, kOutput, kBoundary, kBlock, kAll };
std::string_view to_string(LockKind kind);

// Who bridges a lock: a part of permcrypt_key, inside the graph, or a client map, which renumbers
// the user's data before it goes into the model, or when it comes out.
enum class Carrier : std::uint8_t { kKey, kInput, kOutput };

// Several axes that a client map permutes at once, as it does the pixels of a patch. Axis k of them
// is the mixed-radix number, major first, of digits[k]; all digits, arranged in `order`, are one
// axis.
struct JointAxes {
  std::vector<std::vector<std::uint64_t>> digits;
  std::vector<std::uint32_t> order;  // arranged digit i is digit order[i]

  bool empty() const { return digits.empty(); }
  bool operator==(const JointAxes&) const = default;
};

// One part of permcrypt_key, or a client map. idx = relative(upstream, downstream); an index lock
// maps ids the other way: ids' = inverse(downstream)[ids].
struct PlanLock {
  LockKind kind = LockKind::kInput;
  std::string value;           // name of the value it sits on, as in the original
  std::uint32_t axis = 0;      // kIndex: 0
  AxisMap upstream, downstream;
  Carrier carrier = Carrier::kKey;  // a client map has its own side in the user's order
  JointAxes joint;             // unless empty: the axes from `axis` to the last
};

// A change of the copied bytes: at `offset` of the original file, `original` is replaced by
// `replacement` (either may be empty). Edits of a file are sorted and do not overlap.
struct Edit {
  std::uint32_t file = 0;
  std::uint64_t offset = 0;
  std::string original;
  std::string replacement;
};

// A graph input and output that carry one state from step to step; both in the key's order.
struct PlanCache {
  std::string past, present;
  std::vector<AxisMap> axes;
  // Of an axis with fibres over another axis: which that is. Its map is that of both, major first.
  // kNone for other axes; empty where there is none.
  std::vector<std::uint32_t> leading = {};

  std::uint32_t leading_of(std::size_t axis) const {
    return axis < leading.size() ? leading[axis] : kNone;
  }
};

struct Plan {
  std::vector<PlanGroup> groups;
  std::vector<PlanTensor> tensors;   // those that move, sorted by (file, offset)
  std::vector<PlanSparse> sparse;    // likewise, by their values
  std::vector<PlanLock> locks;
  std::vector<PlanCache> caches;
  std::vector<Edit> edits;           // without the manifest, which is appended last
  std::vector<std::string> data_files;                  // original locations of files[1..]
  std::vector<std::pair<std::string, std::int64_t>> bound_dims;
  std::vector<std::vector<std::string>> duplicates;     // classes of equal tensors, by name
};

}  // namespace permcrypt
