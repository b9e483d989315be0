// Element labels: the *elements* of an integer tensor can be coordinates of an axis (token ids into
// a vocabulary, TopK results, constant index tables). A label names such an axis; tensors whose
// elements must be numbered alike share one.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "permcrypt/infer.h"

namespace permcrypt {

using LabelId = std::uint32_t;

// Where the elements come from decides whether they can be renumbered.
enum class LabelSource : std::uint8_t {
  kConstant,  // an initializer: rewritten
  kFill,      // ConstantOfShape, a small constant: single elements, which then stay
  kInput,     // a graph input: renumbered only by a client map
  kLock,      // behind an index lock: renumbered by it
  kComputed,  // ArgMax, TopK and the like: follow the axis by themselves
  kOpaque,    // arithmetic results: cannot be renumbered
};

class Labels {
 public:
  explicit Labels(AxisStore& axes) : axes_(axes) {}

  LabelId add(LabelSource source);
  LabelId opaque(std::string_view why);

  // The elements under `label` are coordinates of `axis`.
  void attach(LabelId label, const Axis& axis);
  // The two are numbered alike from now on.
  LabelId join(LabelId x, LabelId y);
  // The elements are compared with the constant k: coordinate k stays in place.
  void hold(LabelId label, std::int64_t k);
  // The elements may not be renumbered: the axis, if any, is pinned.
  void pin(LabelId label, std::string_view why);

  LabelSource source(LabelId label) { return labels_[find(label)].source; }
  // The axis of a label that may be renumbered; nullptr when pinned or attached to none.
  const Axis* axis(LabelId label);

 private:
  struct Label {
    LabelId parent = kNone;
    LabelSource source = LabelSource::kOpaque;
    bool attached = false;
    Axis axis;
    bool pinned = false;
    std::string why;
    std::set<std::int64_t> held;
  };
  LabelId find(LabelId x);
  void hold_on_axis(const Axis& axis, std::int64_t k);

  AxisStore& axes_;
  std::vector<Label> labels_;
};

}  // namespace permcrypt
