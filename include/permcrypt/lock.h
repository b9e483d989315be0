// Where does the graph demand the key? A lock is a place where the permutation upstream and the
// permutation downstream of a value differ by a secret amount, which only the key bridges.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "permcrypt/graph.h"
#include "permcrypt/infer.h"
#include "permcrypt/plan.h"
#include "permcrypt/status.h"

namespace permcrypt {

enum class Internal : std::uint8_t { kNone, kBlock, kAll };

// How the key reaches the model: as one more input, in the data, or both.
enum class Carry : std::uint8_t { kKey, kData, kBoth };

struct LockOptions {
  InferOptions infer;
  Internal internal = Internal::kNone;  // without effect when only the data carries the key
  Carry carry = Carry::kKey;
  // Client maps also where no weight notices, as on the rows of a set: data is hidden all the same.
  bool idle_maps = false;
};

// A lock in terms of the *original* graph.
struct LockSite {
  LockKind kind = LockKind::kInput;
  ValueId value = kNone;       // the value it sits on; kIndex: the index operand
  std::uint32_t axis = 0;      // which of its axes; kIndex: 0
  NodeId node = kNone;         // kIndex: the consumer whose operand `slot` is replaced; others: kNone
  std::uint32_t slot = 0;
  std::int64_t size = 0;       // of the axis, or of the indexed axis; 0 when nobody knows it yet
  Carrier carrier = Carrier::kKey;
  // In the locked copy: the value before and behind the lock.
  ValueId before = kNone, behind = kNone;
  // Of a client map of several axes: how they lie, and the axis they make inside the model.
  JointAxes joint;
  ExprId arranged = kNone;
};

// The analysed graph with one pseudo node ("permcrypt", "Lock", "IndexLock" or "LabelLock") per lock,
// and what inference says of it. All ids of the original graph keep their meaning in `graph`; those of lock
// nodes and the values they make come after. An output lock sits between the value as it is made and
// the graph output, other locks between it and those who read it inside the graph.
struct LockedGraph {
  Graph graph;
  Inference inference;
  std::vector<LockSite> locks;          // in the order of permcrypt_key
  std::vector<std::string> warnings;    // "locks on trunk groups hold 12 bits", ...
  std::vector<std::string> notes;       // which axes of inputs and outputs stay, and why
};

// Places locks, infers again, and drops the locks that came out without effect.
// Errors: kState when there is nothing to protect, or no place for a lock.
Result<LockedGraph> place_locks(const Graph& graph, const LockOptions& options);

}  // namespace permcrypt
