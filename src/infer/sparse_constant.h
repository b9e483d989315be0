// Sparse tensors whose entries can move: those that are stored in the one way that the entries of a
// tensor can be put in order again, in bytes of their own, of a length that no order changes.
#pragma once

#include "permcrypt/graph.h"
#include "permcrypt/status.h"

namespace permcrypt {

// Reads the indices of at most 2^22 numbers; a larger tensor stays as it is. Errors (kInput): an
// entry that lies outside of the tensor.
Result<SparseConstant> check_sparse(const Model& model, const SparseTensor& sparse,
                                    PayloadReader& payloads);

}  // namespace permcrypt
