// An encrypted model as a licensed user has it: with a token, and without the plan.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "permcrypt/model.h"
#include "permcrypt/plan.h"
#include "permcrypt/status.h"

namespace permcrypt {

struct Licence {
  std::filesystem::path path;
  onnx::ModelProto structure;  // as in Model
  std::vector<std::int32_t> token;
  // What the graph shows of the plan: the sizes of the locks, and which of them sit on ids.
  Plan plan;
};

// Errors: kInput, also for a token of another length; kState when the model is not encrypted or
// takes no token.
Result<Licence> open_licence(const std::filesystem::path& model,
                             const std::filesystem::path& token);

// The locks of an encrypted graph, from the Split of `key_input`. Errors (kInput): it has none, or
// its sizes are not constant.
Result<std::vector<PlanLock>> locks_in_graph(const Model& model, const std::string& key_input);

// The names of the past and present values of a plain model; their order stays open.
Result<std::vector<PlanCache>> caches_in_graph(const std::filesystem::path& original);

}  // namespace permcrypt
