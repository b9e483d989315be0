// The way back from the lock nodes of a graph, found by what they are: after somebody re-saved the
// file, the edits of the plan no longer fit.
#pragma once

#include <onnx/onnx_pb.h>

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "permcrypt/model.h"
#include "permcrypt/status.h"
#include "write/message_edits.h"

namespace permcrypt {

class LockRemoval {
 public:
  // The nodes that the key input feeds, and what they were put between. A model that takes no key
  // has none. Errors (kResult): a part of the key goes somewhere else than into a lock.
  static Result<LockRemoval> find(const onnx::ModelProto& structure, const std::string& key_input);

  // The graph without locks, in memory. The manifest stays.
  onnx::ModelProto apply(const onnx::ModelProto& structure) const;
  // The same in the bytes of the file, and without the manifest.
  Result<void> apply(const Model& model, std::string_view file, MessageEdits& edits) const;

  // What a tensor is called once the locks are gone: names of constants begin with those of values.
  std::string plain_name(const std::string& tensor) const;

 private:
  Result<void> find_in(const onnx::GraphProto& graph);
  Result<void> apply(const Model& model, std::string_view file, const onnx::GraphProto& graph,
                     MessageEdits& edits) const;
  const std::string& renamed(const std::string& name) const;
  void name_values(const std::set<std::string>& outputs);

  std::set<std::string> parts_;                // of the key, and the key itself and its sizes
  std::set<FrameId> nodes_;                    // Split, Gathers, Casts, Transposes
  std::map<std::string, std::string> before_;  // what is behind a lock -> what is before it
  std::map<std::string, std::string> names_;   // values that get another name
  bool empty_ = true;
};

}  // namespace permcrypt
