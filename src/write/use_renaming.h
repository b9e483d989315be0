// Walks a graph and the graphs inside, and gives uses of locked values their new names.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "permcrypt/lock.h"
#include "write/lock_names.h"
#include "write/message_edits.h"

namespace permcrypt {

inline constexpr std::size_t kNoNode = std::numeric_limits<std::size_t>::max();

class UseRenaming {
 public:
  UseRenaming(const LockedGraph& locked, const LockNames& names, std::string_view file,
              MessageEdits& edits)
      : locked_(locked),
        names_(names),
        file_(file),
        edits_(edits),
        first_use_(names.uses.size(), kNoNode) {}

  // An operand that has a name of its own, whatever its value is called: that of an index lock.
  void set_operand(FrameId node, std::uint32_t slot, std::string name) {
    operands_[{node, slot}] = std::move(name);
  }

  // Changes operands, outputs of nodes, and outputs of inner graphs. Errors (kDefect): a node would
  // not read what `locked` says.
  Result<void> run();

  // For each of names.uses: the first node of its owner, by position in the file, that uses it,
  // also from inside its own graphs; kNoNode when none does.
  const std::vector<std::size_t>& first_use() const { return first_use_; }

 private:
  using Active = std::map<std::string, std::size_t>;  // name in force -> index into names.uses
  using Used = std::vector<std::size_t>;

  Result<Used> walk_graph(const onnx::GraphProto& graph, Active active);
  Result<Used> walk_node(const onnx::NodeProto& node, const Active& active);
  Result<void> rename_strings(FrameId message, std::uint32_t field,
                              const std::map<int, std::string>& new_names);
  Result<void> rename_node_outputs();
  Result<void> rename_inner_outputs();
  Result<void> check_operands() const;

  const LockedGraph& locked_;
  const LockNames& names_;
  std::string_view file_;
  MessageEdits& edits_;
  std::map<std::pair<FrameId, std::uint32_t>, std::string> operands_;
  std::vector<std::size_t> first_use_;
};

}  // namespace permcrypt
