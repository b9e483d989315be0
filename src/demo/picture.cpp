#include "demo/picture.h"

#include <png.h>

#include <algorithm>

#include "base/quote.h"

namespace permcrypt {
namespace {

constexpr std::size_t kGap = 2;  // columns between the two, in matrix elements

struct Canvas {
  std::size_t width = 0, height = 0;
  std::vector<std::uint8_t> grey;
};

void draw(Canvas& canvas, const Matrix& m, std::size_t first_column, std::size_t zoom, double low,
          double high) {
  for (std::size_t y = 0; y < m.rows * zoom; ++y) {
    for (std::size_t x = 0; x < m.columns * zoom; ++x) {
      const double v = m.values[(y / zoom) * m.columns + x / zoom];
      const double share = std::clamp((v - low) / (high - low), 0.0, 1.0);
      canvas.grey[y * canvas.width + first_column * zoom + x] =
          static_cast<std::uint8_t>(255.0 * share);
    }
  }
}

}  // namespace

Result<void> write_picture(const std::filesystem::path& path, const Matrix& left,
                           const Matrix& right, std::size_t height) {
  // Single large values would leave the rest in one shade: the scale spans the middle 98 %.
  std::vector<double> sorted = left.values;
  std::sort(sorted.begin(), sorted.end());
  const double low = sorted[sorted.size() / 100];
  const double high = std::max(sorted[sorted.size() - 1 - sorted.size() / 100], low + 1e-9);
  const std::size_t zoom = std::max<std::size_t>(1, (height + left.rows - 1) / left.rows);
  Canvas canvas{(2 * left.columns + kGap) * zoom, left.rows * zoom, {}};
  canvas.grey.assign(canvas.width * canvas.height, 255);
  draw(canvas, left, 0, zoom, low, high);
  draw(canvas, right, left.columns + kGap, zoom, low, high);

  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(canvas.width);
  image.height = static_cast<png_uint_32>(canvas.height);
  image.format = PNG_FORMAT_GRAY;
  if (!png_image_write_to_file(&image, path.c_str(), 0, canvas.grey.data(), 0, nullptr)) {
    return fail(ErrorKind::kOutput,
                "cannot write " + in_quotes(path.native()) + ": " + image.message);
  }
  return {};
}

}  // namespace permcrypt
