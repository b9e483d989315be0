// Locks: pseudo operators of the analysed copy, put there by the lock room. In the file that is
// written they become Gathers by a part of the key.
#include "infer/registry.h"
#include "infer/rule.h"

namespace permcrypt {
namespace {

void lock(RuleCall& c) {
  const Operand& x = c.in(0);
  const auto k = static_cast<std::size_t>(c.attr_axis("axis", 0, c.rank(0)));
  if (x.axes[k].dynamic()) c.give_up("no key fits a dynamic extent");
  std::vector<Axis> axes = x.axes;
  axes[k] = c.free(axes[k].a);
  c.out(0, std::move(axes), x.type, x.label);
}

// The ids in front of the lock are raw and stay raw; those behind it are numbered as the table is.
void index_lock(RuleCall& c) {
  const Operand& ids = c.in(0);
  if (ids.label != kNone) c.labels.pin(ids.label, "ids enter a lock");
  c.out(0, ids.axes, ids.type, c.labels.add(LabelSource::kLock));
}

// What comes out is numbered as the user numbers it, whatever the order in front of the lock.
void label_lock(RuleCall& c) {
  const Operand& ids = c.in(0);
  c.out(0, ids.axes, ids.type, c.labels.add(LabelSource::kLock));
}

const OpRule kRules[] = {
    {"permcrypt", "Lock", 1, kAnyOpset, "([..,i,..])->([..,j,..])", lock, true},
    {"permcrypt", "IndexLock", 1, kAnyOpset, "([..])->([..]) elements renumbered", index_lock, true},
    {"permcrypt", "LabelLock", 1, kAnyOpset, "([..])->([..]) elements in plain order", label_lock,
     true},
};

}  // namespace

std::span<const OpRule> lock_rules() { return kRules; }

}  // namespace permcrypt
