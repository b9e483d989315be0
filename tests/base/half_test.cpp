#include "base/half.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace permcrypt;

TEST_CASE("float16: known values") {
  CHECK(float16_to_float(0x0000) == 0.0f);
  CHECK(std::signbit(float16_to_float(0x8000)));
  CHECK(float16_to_float(0x3c00) == 1.0f);
  CHECK(float16_to_float(0xc000) == -2.0f);
  CHECK(float16_to_float(0x7bff) == 65504.0f);     // the largest
  CHECK(float16_to_float(0x0400) == 0x1p-14f);     // the smallest normal
  CHECK(float16_to_float(0x0001) == 0x1p-24f);     // the smallest subnormal
  CHECK(float16_to_float(0x83ff) == -0x3ffp-24f);  // the largest subnormal
  CHECK(std::isinf(float16_to_float(0x7c00)));
  CHECK(float16_to_float(0xfc00) < 0);
  CHECK(std::isnan(float16_to_float(0x7e00)));
}

TEST_CASE("bfloat16 is the upper half of a float") {
  CHECK(bfloat16_to_float(0x3f80) == 1.0f);
  CHECK(bfloat16_to_float(0xc049) == -3.140625f);
  CHECK(std::isnan(bfloat16_to_float(0x7fc0)));
}
