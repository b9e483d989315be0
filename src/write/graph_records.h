// What a graph is made of, apart from its payloads. Recorded in the sealed plan, so that after
// training, casting or re-saving somebody can tell whether the graph is still the one that was
// encrypted.
#pragma once

#include <onnx/onnx_pb.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "permcrypt/model.h"
#include "permcrypt/plan.h"

namespace permcrypt {

// A node, a tensor or the interface. Conversions between floating-point types do not count: neither
// the types themselves, nor the Casts between them, nor Identities. Nor does it matter whether a
// tensor is an initializer or a Constant. Operands that are a few integers count by value, not by
// name: programs that save models merge equal ones.
struct GraphRecord {
  std::string label;               // for people: "node 'x' (MatMul)"
  std::vector<std::string> forms;  // the first as it stands; further ones look through what follows
  bool is_tensor = false;
  bool is_interface = false;
};

// `structure` and `payloads` of one model. The interface first. `plan`: integers that move, or are
// rewritten, do not count by value.
std::vector<GraphRecord> graph_records(const onnx::ModelProto& structure, PayloadReader& payloads,
                                       const Plan& plan);

// The same, one by one.
void for_each_record(const onnx::ModelProto& structure, PayloadReader& payloads, const Plan& plan,
                     const std::function<void(GraphRecord)>& visit);

// Four bytes for each record, sorted: keyed hashes of the first forms. `key`: 32 bytes that nobody
// knows who lacks the original.
std::string hash_records(const std::vector<GraphRecord>& records, std::string_view key);

// hash_records() of graph_records(), of which no two are in memory at the same time.
std::string hash_graph(const onnx::ModelProto& structure, PayloadReader& payloads,
                       const Plan& plan, std::string_view key);

// The records that `hashes` does not have in any form.
std::vector<GraphRecord> unknown_records(const std::vector<GraphRecord>& records,
                                         std::string_view hashes, std::string_view key);

}  // namespace permcrypt
