#include "infer/rules/coordinates.h"

#include <algorithm>

namespace permcrypt {
namespace {

constexpr auto kWhy = "indexed by several coordinates";

// The part of `axis` that `extent` positions from `begin` on are; nothing when they depend on a
// dynamic dimension, unless they are the whole axis.
std::optional<Axis> part_of(RuleCall& c, const Axis& axis, Dimensions::Pair begin,
                            Dimensions::Pair extent) {
  if (begin == Dimensions::Pair{0, 0} && extent == Dimensions::Pair{axis.a, axis.b}) return axis;
  if (begin.first != begin.second || extent.first != extent.second || axis.dynamic()) {
    return std::nullopt;
  }
  const std::int64_t first = begin.first < 0 ? begin.first + axis.a : begin.first;
  if (first < 0 || first > axis.a || extent.first > axis.a - first) return std::nullopt;
  return c.cut(axis, first, first + extent.first);
}

// What stands in place of the axes in front of the coordinates: of each, itself, or the part of the
// indexed axis that it runs through, if one coordinate counts along it and the others do not care.
class Coordinates {
 public:
  Coordinates(RuleCall& c, Operand& index)
      : c_(c), columns_(columns_of(index)), lead_(index.axes.begin(), index.axes.end() - 1) {
    c.pin(index.axes.back(), "coordinates");
    if (index.label != kNone) c.labels.pin(index.label, "several coordinates");
  }

  // Coordinate j of n indexes `axis`. Axes in front of `batch` belong to no coordinate.
  void add(std::size_t j, std::size_t n, const Axis& axis, std::size_t batch) {
    const auto run = columns_.size() == n ? positions(columns_[j]) : std::nullopt;
    const auto part =
        run && run->order.size() <= 1 ? part_of(c_, axis, run->begin, run->extent) : std::nullopt;
    if (part && run->order.empty()) return;  // a single index, which the cut has set apart
    if (part && run->order[0] >= batch && alone(j, run->order[0])) {
      c_.pin(lead_[run->order[0]], "constant positions");
      lead_[run->order[0]] = *part;
    } else {
      c_.pin(axis, kWhy);
    }
  }

  const std::vector<Axis>& lead() const { return lead_; }

  // Is the only coordinate computed, and counts a part of `axis` along one axis? A constant list is
  // rewritten instead, which splits nothing.
  static bool count(RuleCall& c, const Operand& index, const Axis& axis) {
    if (index.label != kNone && c.labels.source(index.label) == LabelSource::kConstant)
      return false;
    const auto columns = columns_of(index);
    if (columns.size() != 1) return false;
    const auto run = enumeration_of(columns[0], {index.axes.begin(), index.axes.end() - 1});
    return run && run->order.size() == 1 && part_of(c, axis, run->begin, run->extent);
  }

 private:
  // Where a coordinate runs, along the axes on which it depends.
  std::optional<Enumeration> positions(const Affine& column) const {
    std::vector<Axis> axes = lead_;
    for (std::size_t k = 0; k < axes.size(); ++k) {
      if (column.constant_along(k)) axes[k] = Axis{};
    }
    return enumeration_of(column, axes);
  }

  bool alone(std::size_t j, std::size_t axis) const {
    for (std::size_t k = 0; k < columns_.size(); ++k) {
      if (k != j && !columns_[k].constant_along(axis)) return false;
    }
    return true;
  }

  RuleCall& c_;
  std::vector<Affine> columns_;
  std::vector<Axis> lead_;
};

std::size_t count_coordinates(RuleCall& c, const Operand& index) {
  if (index.axes.empty() || index.axes.back().dynamic()) c.give_up("coordinates of unknown number");
  return static_cast<std::size_t>(index.axes.back().a);
}

// The axes in front of the coordinates, once n coordinates index the axes of `data` from `batch`
// on.
std::vector<Axis> select(RuleCall& c, Operand& data, Operand& index, std::size_t batch,
                         std::size_t n) {
  if (n == 1 && !Coordinates::count(c, index, data.axes[batch])) {
    index_by(c, index, data.axes[batch]);
    c.pin(index.axes.back(), "coordinates");
    return {index.axes.begin(), index.axes.end() - 1};
  }
  Coordinates coordinates(c, index);
  for (std::size_t j = 0; j < n; ++j) coordinates.add(j, n, data.axes[batch + j], batch);
  return coordinates.lead();
}

}  // namespace

void gather_nd(RuleCall& c) {
  Operand &data = c.in(0), &index = c.in(1);
  const auto batch = static_cast<std::size_t>(c.attr("batch_dims", 0));
  const std::size_t n = count_coordinates(c, index);
  if (batch + n > data.axes.size() || batch >= index.axes.size()) c.give_up("too many coordinates");
  for (std::size_t i = 0; i < batch; ++i) c.unify(data.axes[i], index.axes[i], true);
  std::vector<Axis> out = select(c, data, index, batch, n);
  out.insert(out.end(), data.axes.begin() + static_cast<std::ptrdiff_t>(batch + n),
             data.axes.end());
  c.out(0, std::move(out), data.type, data.label);
}

void scatter_nd(RuleCall& c) {
  Operand &data = c.in(0), &index = c.in(1), &updates = c.in(2);
  const std::size_t n = count_coordinates(c, index);
  const std::size_t lead = index.axes.size() - 1;
  if (n > data.axes.size() || updates.axes.size() != lead + data.axes.size() - n) {
    c.give_up("updates do not fit");
  }
  const std::vector<Axis> front = select(c, data, index, 0, n);
  for (std::size_t i = 0; i < lead; ++i) c.unify(front[i], updates.axes[i], true);
  for (std::size_t i = n; i < data.axes.size(); ++i) {
    c.unify(data.axes[i], updates.axes[lead + i - n], true);
  }
  for (Operand* o : {&data, &updates}) {
    if (o->label != kNone) c.labels.pin(o->label, "scattered");
  }
  c.out(0, data.axes, data.type);
}

}  // namespace permcrypt
