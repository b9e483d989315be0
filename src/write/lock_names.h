// Which name each value has in the file once the locks are in, and which uses of a name change.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "permcrypt/lock.h"
#include "write/inserted_names.h"

namespace permcrypt {

// A name that its uses give up for another one, from the graph `owner` inwards.
struct Renaming {
  FrameId owner = kNone;
  std::string from, to;
};

// What a value is called where the graph that a lock would go into sees it.
const std::string& file_name(const GraphValue& value);

struct LockNames {
  std::map<ValueId, std::string> values;  // those behind locks, and those that changed their name
  std::vector<Renaming> uses;
  std::map<std::string, std::string> outputs;  // of nodes of the main graph: old name -> new name
  std::vector<FrameId> graphs;                 // for each lock, the graph that its nodes go into
  std::vector<std::optional<std::size_t>>
      use;  // for each lock that its value's users see: of `uses`

  // REQUIRES: `value` is no value inside an inlined function.
  const std::string& name(const LockedGraph& locked, ValueId value) const;
};

// An output lock gives the name of the output to what is behind it, and the value itself another
// one. Behind other locks there is a new name, which all uses of the value take over. Errors
// (kDefect): a lock on a value that has no name of its own in the file, as inside a function.
Result<LockNames> name_locks(const LockedGraph& locked, const InsertedNames& names);

}  // namespace permcrypt
