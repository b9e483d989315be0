// An encrypted model that is no longer the file that encrypt wrote: it was trained, cast, or saved
// by another program. Its plan still says how every tensor lies, whatever the bytes around it.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "permcrypt/apply.h"
#include "permcrypt/model.h"
#include "permcrypt/plan.h"
#include "write/sealed_plan.h"

namespace permcrypt {

struct RelocatedPlan {
  Plan plan;  // without edits; spans and views are those of the model
  std::vector<std::string>
      missing;  // tensors that moved, and cannot be found or have another shape
};

// The same plan for the tensors of another file, by name: wherever they lie there, whatever their
// element type. `plain_name` gives a tensor's name in the original.
RelocatedPlan relocate(const Plan& plan, const Model& model,
                       const std::function<std::string(const std::string&)>& plain_name);

// How a changed model becomes a plain one. Payloads may differ from those that were encrypted, in
// contents, floating-point type and place; the graph may not.
struct ChangedModel {
  RelocatedPlan relocated;
  std::vector<std::string> unknown;  // parts of the graph that were not in the original
  bool recorded = true;              // the file says what its graph was
  std::vector<std::filesystem::path> data_files;  // names of the plain model's data files
  CopyJob job;                                    // decrypts it

  // kResult, naming what does not match, unless all does.
  Result<void> check() const;
};

// `out`: the plain .onnx, after which data files are named where the original had others. Errors:
// kInput; kResult when the key goes elsewhere than into locks.
Result<ChangedModel> match_changed(const Model& model, const std::string& key_input,
                                   const SealedPlan& sealed, const std::vector<Permutation>& groups,
                                   const std::filesystem::path& out);

}  // namespace permcrypt
