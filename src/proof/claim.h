// What the proof has established of one value of the encrypted graph, for every input on which the
// original runs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "permcrypt/graph.h"
#include "proof/orders.h"

namespace permcrypt::proof {

struct Ramp {
  TermId start = 0;
  std::vector<TermId> steps;  // one for each axis
};

// encrypted[i, j, ..] = code(original[f(i), g(j), ..]), with f, g the orders of the axes. `code`
// renumbers the elements of an integer tensor: it is an order too, plain for data.
struct Claim {
  ValueId original = kNone;  // whose value it is; kNone for what only the encrypted graph has
  bool related = true;       // false: nothing is established
  std::optional<std::vector<Axis>> axes;  // absent: the tensors are equal, of a shape not known
  OrderId code = kPlain;
  std::int32_t type = 0;  // onnx::TensorProto::DataType; 0 unknown

  // Of the *original*, in its order: the elements, row-major, where they are few integers known for
  // all inputs. Axes are known then, and constant.
  std::shared_ptr<const std::vector<TermId>> ints;
  // Of the original: element [i, j, ..] is start + i * steps[0] + j * steps[1] + ..
  std::shared_ptr<const Ramp> ramp;
  // Of a value made from the key: its elements, and which value of the key it is.
  std::shared_ptr<const Index> key;
  // Several axes may be renumbered at once: those from `joint_from` on, as one axis in row-major
  // order, are in this one. What `axes` say of their orders means nothing then.
  std::shared_ptr<const Index> joint;
  std::size_t joint_from = 0;
  // Packed weights: `axes` number elements of so many bits in another shape than the tensor's.
  int packed_bits = 0;
  bool behind_index_lock = false;  // ids that a lock has renumbered, before a Cast gives them back
                                   // their type

  // Whether `axes` are not those of the tensor, each in an order of its own.
  bool reshaped() const { return packed_bits != 0 || joint; }

  static Claim nothing() {
    Claim claim;
    claim.related = false;
    return claim;
  }

  bool same() const {
    if (!related || code != kPlain || key || joint) return false;
    if (!axes) return true;
    for (const Axis& axis : *axes) {
      if (axis.order != kPlain) return false;
    }
    return true;
  }
};

}  // namespace permcrypt::proof
