// What do the encrypted files give away?
#pragma once

#include <vector>

#include "permcrypt/model.h"
#include "permcrypt/verify.h"
#include "verify/subject.h"

namespace permcrypt {

// No byte of the files is the key, a part of the token, or the order of a group, in any form in
// which a file could hold it. A constant that the plan rewrites into coordinates of a group shows
// this group's order to everybody: that is no failure, for the model could not run otherwise, but
// is said. `planned`: every byte was found to be as planned, so that weights hold nothing but the
// original's elements, and only what else is in the files needs a look.
Result<Check> check_secrets(const Subject& subject, bool planned, unsigned threads);

// The metadata holds nothing but the manifest and what the original's holds (nullptr: there is
// none to compare with), and says what that tells about the model it came from.
Check check_metadata(const Model& encrypted, const Model* original);

// Lists the tensors with more than one element that are in both, with the same bytes.
Result<Check> list_shared(const Model& original, const Model& encrypted, unsigned threads,
                          std::vector<SharedTensor>& shared);

}  // namespace permcrypt
