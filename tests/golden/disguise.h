// The same model, hard to recognise: its nodes in another order, everything in it under another
// name.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <map>
#include <string>

namespace permcrypt::testing {

enum class NodeOrder {
  kValid,  // operands before those who use them
  kAny,    // as some converters write them, and ONNX Runtime accepts
};

// Bodies of nodes too; those of functions stay.
void shuffle_nodes(onnx::ModelProto& model, NodeOrder order, std::uint32_t seed);

class Renaming {
 public:
  // Renames values, nodes, initializers and graphs, but for what is inside functions.
  Renaming(onnx::ModelProto& model, std::uint32_t seed);

  // A text with the names as they were.
  std::string undone(const std::string& text) const;

 private:
  void rename(std::string* name);
  void rename(onnx::GraphProto& graph);

  std::uint32_t seed_;
  std::map<std::string, std::string> new_of_old_, old_of_new_;
};

}  // namespace permcrypt::testing
