// Client maps that permute several axes at once.
//
// The pixels of a patch are three axes of a picture, and the places of the patches two: one after
// the other they offer 7! * 7! orders of 49 patches, together 49!. In the user's hands any order of
// the data is possible; what matters is whether the model can follow.
#pragma once

#include "permcrypt/lock.h"

namespace permcrypt {

// Joins free factors of inputs and outputs that lie side by side in every constant and that no
// operator tells apart. The constants' facts come to hold one new factor in their place (seen
// through a view where axes have become one), and client maps on several axes of one value become
// one. What else inference knows of the values in between stays as it was.
void join_axes(LockedGraph& locked);

}  // namespace permcrypt
