// The static part of verify: equality for all inputs, proved from the files alone.
#pragma once

#include "permcrypt/model.h"
#include "permcrypt/plan.h"
#include "permcrypt/proof.h"
#include "permcrypt/verify.h"
#include "verify/subject.h"

namespace permcrypt {

struct ProofCheck {
  Check check;
  std::vector<FoundPayload> found;
};

// Passed: the two compute the same for all inputs. Noted: up to operators that the proof does not
// understand. Failed: it found where they differ. Errors (kInput): a file cannot be read.
Result<ProofCheck> check_proof(const Subject& subject, const Model& original, const Plan& plan,
                               unsigned threads);

}  // namespace permcrypt
