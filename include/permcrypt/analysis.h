// From a model to a plan: what encrypt does before it needs a key, and inspect does for a plain
// model. Nothing is written.
#pragma once

#include <memory>

#include "permcrypt/lock.h"
#include "permcrypt/model.h"
#include "permcrypt/plan.h"
#include "permcrypt/status.h"

namespace permcrypt {

struct Analysis {
  std::unique_ptr<const Model> model;  // `locked` refers to it, and to `payloads`
  std::unique_ptr<PayloadReader> payloads;
  LockedGraph locked;
  Plan plan;  // without edits
};

// Infers, places locks, and plans. Errors: kInput for graphs that are not graphs; kState when there
// is nothing to protect, or no place for a lock.
Result<Analysis> analyse(Model model, const LockOptions& options);

// The same without locks, for models that offer no place for one: nothing depends on a key.
Result<Analysis> analyse_without_locks(Model model, const InferOptions& options);

}  // namespace permcrypt
