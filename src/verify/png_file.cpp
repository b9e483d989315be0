#include "verify/png_file.h"

#ifdef PERMCRYPT_HAVE_PNG

#include <onnx/onnx_pb.h>
#include <png.h>

#include <array>
#include <bit>
#include <csetjmp>
#include <cstring>
#include <new>
#include <vector>

namespace permcrypt {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 28;
constexpr png_uint_32 kMaxSide = 1 << 20;
// By the number of channels.
constexpr std::array kColours = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA,
                                 PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};

// libpng leaves a call by longjmp() when something is wrong. Hence functions that call it own
// nothing, and what they work on lies here.
struct Work {
  std::string_view source;  // what is left to read
  std::string sink;         // what has been written
  std::array<char, 128> error{};
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  auto& error = static_cast<Work*>(png_get_error_ptr(png))->error;
  std::strncpy(error.data(), message, error.size() - 1);
  png_longjmp(png, 1);
}

void ignore(png_structp, png_const_charp) {}

void take(png_structp png, png_bytep to, std::size_t size) {
  std::string_view& source = static_cast<Work*>(png_get_io_ptr(png))->source;
  if (source.size() < size) png_error(png, "it ends too early");
  std::memcpy(to, source.data(), size);
  source.remove_prefix(size);
}

void give(png_structp png, png_bytep from, std::size_t size) {
  bool done = true;
  try {
    static_cast<Work*>(png_get_io_ptr(png))->sink.append(reinterpret_cast<const char*>(from), size);
  } catch (const std::bad_alloc&) {
    done = false;
  }
  if (!done) png_error(png, "out of memory");
}

bool read_header(png_structp png, png_infop info) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_set_user_limits(png, kMaxSide, kMaxSide);
  png_read_info(png, info);
  png_set_expand(png);
  if (std::endian::native == std::endian::little) png_set_swap(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  return true;
}

bool read_rows(png_structp png, png_bytepp rows) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_read_image(png, rows);
  png_read_end(png, nullptr);
  return true;
}

bool write_all(png_structp png, png_infop info, const TensorData& pixels, png_bytepp rows) {
  if (setjmp(png_jmpbuf(png))) return false;
  const int depth = pixels.type == onnx::TensorProto::UINT16 ? 16 : 8;
  png_set_IHDR(png, info, static_cast<png_uint_32>(pixels.shape[1]),
               static_cast<png_uint_32>(pixels.shape[0]), depth,
               kColours[static_cast<std::size_t>(pixels.shape[2])], PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  if (depth == 16 && std::endian::native == std::endian::little) png_set_swap(png);
  png_write_image(png, rows);
  png_write_end(png, nullptr);
  return true;
}

std::vector<png_bytep> rows_of(TensorData& pixels) {
  const std::size_t height = static_cast<std::size_t>(pixels.shape[0]);
  const std::size_t width = pixels.bytes.size() / height;
  std::vector<png_bytep> rows;
  for (std::size_t y = 0; y < height; ++y) {
    rows.push_back(reinterpret_cast<png_bytep>(pixels.bytes.data()) + y * width);
  }
  return rows;
}

Result<TensorData> read(png_structp png, png_infop info, const Work& work) {
  const auto refuse = [&] {
    return fail(ErrorKind::kInput, std::string("the PNG is damaged: ") + work.error.data(),
                "is the file complete?");
  };
  if (!read_header(png, info)) return refuse();
  TensorData pixels;
  pixels.type =
      png_get_bit_depth(png, info) == 16 ? onnx::TensorProto::UINT16 : onnx::TensorProto::UINT8;
  pixels.shape = {png_get_image_height(png, info), png_get_image_width(png, info),
                  png_get_channels(png, info)};
  const auto size = byte_size(pixels.type, pixels.shape);
  if (!size || *size > kMaxBytes)
    return fail(ErrorKind::kInput, "the picture is too large", "scale it first");
  pixels.bytes.resize(*size);
  if (!read_rows(png, rows_of(pixels).data())) return refuse();
  return pixels;
}

}  // namespace

bool png_available() { return true; }

Result<TensorData> decode_png(std::string_view file) {
  constexpr std::string_view kSignature = "\x89PNG\r\n\x1a\n";
  if (!file.starts_with(kSignature))
    return fail(ErrorKind::kInput, "it is no PNG", "save it as one first");
  Work work{file, {}};
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &work, on_error, ignore);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  if (!info) {
    png_destroy_read_struct(&png, nullptr, nullptr);
    return fail(ErrorKind::kDefect, "libpng does not start");
  }
  png_set_read_fn(png, &work, take);
  auto pixels = read(png, info, work);
  png_destroy_read_struct(&png, &info, nullptr);
  return pixels;
}

Result<std::string> encode_png(const TensorData& pixels) {
  Work work;
  TensorData own = pixels;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &work, on_error, ignore);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  if (!info) {
    png_destroy_write_struct(&png, nullptr);
    return fail(ErrorKind::kDefect, "libpng does not start");
  }
  png_set_write_fn(png, &work, give, nullptr);
  const bool done = write_all(png, info, own, rows_of(own).data());
  png_destroy_write_struct(&png, &info);
  if (!done) return fail(ErrorKind::kOutput, std::string("libpng: ") + work.error.data());
  return std::move(work.sink);
}

}  // namespace permcrypt

#else

namespace permcrypt {
namespace {

tl::unexpected<Error> unavailable() {
  return fail(ErrorKind::kState, "this build of permcrypt has no libpng",
              "install libpng and build again, or give the numbers as .npy");
}

}  // namespace

bool png_available() { return false; }
Result<TensorData> decode_png(std::string_view) { return unavailable(); }
Result<std::string> encode_png(const TensorData&) { return unavailable(); }

}  // namespace permcrypt

#endif
