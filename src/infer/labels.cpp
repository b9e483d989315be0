#include "infer/labels.h"

namespace permcrypt {

LabelId Labels::add(LabelSource source) {
  Label label;
  label.source = source;
  labels_.push_back(std::move(label));
  return static_cast<LabelId>(labels_.size() - 1);
}

LabelId Labels::opaque(std::string_view why) {
  const LabelId id = add(LabelSource::kOpaque);
  labels_[id].pinned = true;
  labels_[id].why = reason_id(why);
  return id;
}

std::uint32_t Labels::reason_id(std::string_view why) {
  if (const auto it = reason_ids_.find(why); it != reason_ids_.end()) return it->second;
  const auto id = static_cast<std::uint32_t>(reasons_.size());
  reasons_.emplace_back(why);
  reason_ids_.emplace(why, id);
  return id;
}

LabelId Labels::find(LabelId x) {
  LabelId root = x;
  while (labels_[root].parent != kNone) root = labels_[root].parent;
  while (labels_[x].parent != kNone) x = std::exchange(labels_[x].parent, root);
  return root;
}

void Labels::pin(LabelId id, std::string_view why) {
  Label& label = labels_[find(id)];
  if (label.pinned) return;
  label.pinned = true;
  label.why = reason_id(why);
  if (label.attached) axes_.pin(label.axis.expr, why);
}

void Labels::hold_on_axis(const Axis& axis, std::int64_t k) {
  if (axis.dynamic()) return;
  if (k < 0) k += axis.a;
  if (k < 0 || k >= axis.a || axes_.all_fixed(axis.expr)) return;
  axes_.pin(axes_.cut(axis.expr, k, k + 1), "index compared with a constant");
}

void Labels::hold_all(LabelId root) {
  const auto held = held_.find(root);
  if (held == held_.end()) return;
  for (const std::int64_t k : held->second) hold_on_axis(labels_[root].axis, k);
}

void Labels::hold(LabelId id, std::int64_t k) {
  const LabelId root = find(id);
  if (!held_[root].insert(k).second) return;
  const Label& label = labels_[root];
  if (label.attached) hold_on_axis(label.axis, k);
}

void Labels::attach(LabelId id, const Axis& axis) {
  const LabelId root = find(id);
  Label& label = labels_[root];
  if (!label.attached) {
    label.attached = true;
    label.axis = axis;
    if (label.pinned) axes_.pin(axis.expr, reasons_[label.why]);
    hold_all(root);
  } else if (label.axis.same_extent(axis)) {
    axes_.unify(label.axis.expr, axis.expr);
  } else {
    pin(id, "indexes axes of unlike extents");
    axes_.pin(axis.expr, "indexes axes of unlike extents");
  }
}

LabelId Labels::join(LabelId x, LabelId y) {
  x = find(x);
  y = find(y);
  if (x == y) return x;
  if (labels_[x].attached && labels_[y].attached) {
    if (!labels_[x].axis.same_extent(labels_[y].axis)) {
      pin(x, "one index for axes of unlike extents");
      pin(y, "one index for axes of unlike extents");
      return x;
    }
    axes_.unify(labels_[x].axis.expr, labels_[y].axis.expr);
  }
  const Label from = labels_[x];
  labels_[x].parent = y;
  Label& to = labels_[y];
  // The source that is hardest to renumber decides.
  to.source = std::max(to.source, from.source);
  if (const auto held = held_.find(x); held != held_.end()) held_[y].merge(held->second);
  if (!to.attached && from.attached) {
    to.attached = true;
    to.axis = from.axis;
  }
  const bool pinned = to.pinned || from.pinned;
  if (pinned) {
    const std::string why = reasons_[to.pinned ? to.why : from.why];
    to.pinned = false;
    pin(y, why);
  } else if (to.attached) {
    hold_all(y);
  }
  return y;
}

const Axis* Labels::axis(LabelId id) {
  const Label& label = labels_[find(id)];
  return label.attached && !label.pinned ? &label.axis : nullptr;
}

}  // namespace permcrypt
