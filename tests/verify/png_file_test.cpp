#include "verify/png_file.h"

#include <doctest/doctest.h>

#include "verify/test_tensors.h"

namespace permcrypt {
namespace {

using T = onnx::TensorProto;

TensorData pixels(std::int32_t type, std::vector<std::int64_t> shape) {
  TensorData out{"", type, std::move(shape), {}};
  out.bytes.resize(*byte_size(type, out.shape));
  for (std::size_t i = 0; i < out.bytes.size(); ++i) out.bytes[i] = static_cast<char>(37 * i + 11);
  return out;
}

TEST_CASE("pixels in a PNG come back as they went in") {
  if (!png_available()) return;
  for (const std::int32_t type : {T::UINT8, T::UINT16}) {
    for (const std::int64_t channels : {1, 2, 3, 4}) {
      const TensorData picture = pixels(type, {5, 7, channels});
      const auto file = encode_png(picture);
      REQUIRE(file);
      const auto back = decode_png(*file);
      REQUIRE(back);
      CHECK(testing::same(*back, picture));
    }
  }
}

// A picture of one row of eight pixels, 1 bit each, with a gamma that must not be applied.
constexpr std::string_view kOneBit(
    "\x89PNG\r\n\x1a\n"
    "\0\0\0\x0dIHDR\0\0\0\x08\0\0\0\x01\x01\0\0\0\0\xcb\x7b\xd2\xee"
    "\0\0\0\x04gAMA\0\x01\x86\xa0\x31\xe8\x96\x5f"
    "\0\0\0\x0aIDAT\x78\x9c\x63\x58\x0d\0\0\xad\0\xac\x15\xfe\x99\x92"
    "\0\0\0\0IEND\xae\x42\x60\x82",
    8 + 25 + 16 + 22 + 12);

TEST_CASE("bits become bytes, and a gamma changes nothing") {
  if (!png_available()) return;
  const auto picture = decode_png(kOneBit);
  REQUIRE_MESSAGE(picture, picture.error().message);
  CHECK(picture->shape == std::vector<std::int64_t>{1, 8, 1});
  CHECK(picture->bytes == std::string("\xff\0\xff\0\xff\0\xff\xff", 8));
}

TEST_CASE("what is no whole PNG is refused") {
  if (!png_available()) return;
  const std::string file = *encode_png(pixels(T::UINT8, {5, 7, 3}));
  for (std::size_t size = 0; size < file.size(); ++size) {
    const auto cut = decode_png(std::string_view(file).substr(0, size));
    REQUIRE_FALSE(cut);
    CHECK(cut.error().kind == ErrorKind::kInput);
  }
  std::string huge = file;
  huge[16] = '\x7f';  // the width
  CHECK(decode_png(huge).error().kind == ErrorKind::kInput);
}

}  // namespace
}  // namespace permcrypt
