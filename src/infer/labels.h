// Element labels: the *elements* of an integer tensor can be coordinates of an axis (token ids into
// a vocabulary, TopK results, constant index tables). A label names such an axis; tensors whose
// elements must be numbered alike share one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
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

  // Room for this many without growing.
  void reserve(std::size_t labels) { labels_.reserve(labels); }
  void clear() { std::vector<Label>().swap(labels_); }
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
  struct Label {  // one for each value of the graph
    LabelId parent = kNone;
    std::uint32_t why = 0;  // it is pinned: index into reasons_
    LabelSource source = LabelSource::kOpaque;
    bool attached = false, pinned = false;
    Axis axis;
  };
  LabelId find(LabelId x);
  std::uint32_t reason_id(std::string_view why);
  void hold_on_axis(const Axis& axis, std::int64_t k);
  void hold_all(LabelId root);

  AxisStore& axes_;
  std::vector<Label> labels_;
  std::map<LabelId, std::set<std::int64_t>> held_;  // by label: coordinates that stay in place
  std::vector<std::string> reasons_;
  std::map<std::string, std::uint32_t, std::less<>> reason_ids_;
};

}  // namespace permcrypt
