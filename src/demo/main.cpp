// permcrypt_demo: what a digit classifier is worth with its key, without it, and with wrong ones.
//
//   permcrypt_demo DATA ORIGINAL ENCRYPTED TOKEN PICTURE
//
// DATA holds test_images.npy (uint8 [N,28,28]) and test_labels.npy. Prints a table of accuracies,
// and draws one weight matrix of both models side by side.

#include <fmt/core.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <random>
#include <vector>

#include "base/mapped_file.h"
#include "demo/picture.h"
#include "permcrypt/model.h"
#include "verify/npy.h"
#include "verify/runtime.h"
#include "verify/token_file.h"

namespace permcrypt {
namespace {

namespace fs = std::filesystem;

constexpr int kWrongKeys = 20;

Result<TensorData> read_array(const fs::path& path) {
  auto file = MappedFile::open(path);
  if (!file) return fail(file.error());
  return decode_npy(file->bytes(), path.filename().native());
}

// The classifier was trained on pixels with mean 0 and variance 1.
Result<TensorData> as_network_input(const TensorData& images, std::string name) {
  const auto pixels = to_integers(images);
  if (!pixels) return fail(pixels.error());
  std::vector<float> values;
  for (const std::int64_t p : *pixels) {
    values.push_back((static_cast<float>(p) / 255.0f - 0.1307f) / 0.3081f);
  }
  TensorData out{std::move(name), onnx::TensorProto::FLOAT, images.shape, {}};
  out.shape.insert(out.shape.begin() + 1, 1);
  out.bytes.assign(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  return out;
}

Result<std::vector<std::int64_t>> predict(Session& session, const std::vector<TensorData>& feeds) {
  const auto outputs = session.run(feeds);
  if (!outputs) return fail(outputs.error());
  const auto logits = to_doubles((*outputs)[0]);
  if (!logits) return fail(logits.error());
  const auto classes = (*outputs)[0].shape.back();
  std::vector<std::int64_t> out;
  for (auto row = logits->begin(); row != logits->end(); row += classes) {
    out.push_back(std::max_element(row, row + classes) - row);
  }
  return out;
}

double agreement(const std::vector<std::int64_t>& x, const std::vector<std::int64_t>& y) {
  const double equal = std::inner_product(x.begin(), x.end(), y.begin(), 0.0, std::plus<>(),
                                          [](auto a, auto b) { return a == b ? 1.0 : 0.0; });
  return equal / static_cast<double>(x.size());
}

void print_row(const char* what, double accuracy, const std::string& note) {
  fmt::print("  {:<30} {:>6.1f} %   {}\n", what, 100 * accuracy, note);
}

// A lock's part of the key ends where its indices, 0 .. n-1 once each, are complete.
std::vector<std::size_t> part_sizes(const std::vector<std::int64_t>& key) {
  std::vector<std::size_t> out;
  std::size_t begin = 0;
  for (std::size_t end = 1; end <= key.size(); ++end) {
    const auto [low, high] = std::minmax_element(key.begin() + static_cast<std::ptrdiff_t>(begin),
                                                 key.begin() + static_cast<std::ptrdiff_t>(end));
    const bool last =
        end == key.size() || std::find(key.begin() + static_cast<std::ptrdiff_t>(begin),
                                       key.begin() + static_cast<std::ptrdiff_t>(end),
                                       key[end]) != key.begin() + static_cast<std::ptrdiff_t>(end);
    if (!last || *low != 0 || *high + 1 != static_cast<std::int64_t>(end - begin)) continue;
    out.push_back(end - begin);
    begin = end;
  }
  return out;
}

TensorData other_key(const TensorData& token, const std::vector<std::size_t>& parts,
                     std::mt19937_64* random) {
  std::vector<std::int32_t> values;
  for (const std::size_t n : parts) {
    const std::size_t begin = values.size();
    for (std::size_t i = 0; i < n; ++i) values.push_back(static_cast<std::int32_t>(i));
    for (std::size_t i = n; random && i > 1; --i) {
      std::swap(values[begin + i - 1], values[begin + (*random)() % i]);
    }
  }
  TensorData out = token;
  out.bytes.assign(reinterpret_cast<const char*>(values.data()),
                   values.size() * sizeof(std::int32_t));
  return out;
}

Result<void> print_accuracies(const fs::path& data, const fs::path& original,
                              const fs::path& encrypted, const fs::path& token_path) {
  const auto images = read_array(data / "test_images.npy");
  const auto label_array = read_array(data / "test_labels.npy");
  auto plain = Session::open(original, {});
  auto locked = Session::open(encrypted, {});
  const auto token = read_token(token_path);
  if (!images) return fail(images.error());
  if (!label_array) return fail(label_array.error());
  if (!plain) return fail(plain.error());
  if (!locked) return fail(locked.error());
  if (!token) return fail(token.error());
  const auto labels = to_integers(*label_array);
  const auto input = as_network_input(*images, plain->inputs()[0].name);
  const auto key = to_integers(*token);
  if (!labels || !input || !key) return fail(ErrorKind::kInput, "the demo's data are damaged");

  const auto expected = predict(*plain, {*input});
  if (!expected) return fail(expected.error());
  fmt::print("\n  {} real images of digits            accuracy\n", labels->size());
  print_row("original", agreement(*expected, *labels), "");
  const auto with = predict(*locked, {*input, *token});
  if (!with) return fail(with.error());
  print_row("encrypted, with the key", agreement(*with, *labels),
            fmt::format("{:.0f} of {} predictions are the original's",
                        agreement(*with, *expected) * static_cast<double>(labels->size()),
                        labels->size()));
  const auto parts = part_sizes(*key);
  const auto without = predict(*locked, {*input, other_key(*token, parts, nullptr)});
  if (!without) return fail(without.error());
  print_row("encrypted, without the key", agreement(*without, *labels), "chance is 10 %");
  std::mt19937_64 random(1);
  double sum = 0, best = 0;
  for (int i = 0; i < kWrongKeys; ++i) {
    const auto wrong = predict(*locked, {*input, other_key(*token, parts, &random)});
    if (!wrong) return fail(wrong.error());
    const double accuracy = agreement(*wrong, *labels);
    sum += accuracy;
    best = std::max(best, accuracy);
  }
  print_row("encrypted, wrong keys", sum / kWrongKeys,
            fmt::format("mean of {}; the best reaches {:.1f} %", kWrongKeys, 100 * best));
  return {};
}

// ---------------------------------------------------------------------------- the picture

std::optional<Matrix> as_matrix(PayloadReader& payloads, const Tensor& tensor, TensorId id) {
  constexpr std::size_t kMost = 1 << 20;
  if (tensor.shape.size() < 2) return std::nullopt;
  const auto values = payloads.floats(id, kMost);
  if (!values || values->empty()) return std::nullopt;
  const auto columns = static_cast<std::size_t>(tensor.shape.back());
  return Matrix{values->size() / columns, columns, *values};
}

// How alike neighbouring rows are, compared with rows far apart: small where the eye sees order.
double roughness(const Matrix& m) {
  if (m.rows < 16 || m.columns < 16) return INFINITY;
  double near = 0, far = 0;
  for (std::size_t r = 0; r + 1 < m.rows; ++r) {
    for (std::size_t c = 0; c < m.columns; ++c) {
      const double v = m.values[r * m.columns + c];
      near += std::abs(v - m.values[(r + 1) * m.columns + c]);
      far += std::abs(v - m.values[((r + m.rows / 2) % m.rows) * m.columns + c]);
    }
  }
  return near / far;
}

// Draws the matrix whose order is plainest to see, before and after.
Result<void> draw_weight(const fs::path& original, const fs::path& encrypted,
                         const fs::path& picture) {
  const auto plain = read_model(original);
  if (!plain) return fail(plain.error());
  const auto locked = read_model(encrypted);
  if (!locked) return fail(locked.error());
  PayloadReader before(*plain), after(*locked);
  std::optional<Matrix> left, right;
  std::string name;
  for (TensorId id = 0; id < plain->tensors.size(); ++id) {
    const Tensor& tensor = plain->tensors[id];
    auto m = as_matrix(before, tensor, id);
    if (!m || (left && roughness(*m) >= roughness(*left))) continue;
    const auto same =
        std::find_if(locked->tensors.begin(), locked->tensors.end(), [&](const Tensor& t) {
          return t.name == tensor.name && t.scope == tensor.scope && t.shape == tensor.shape;
        });
    if (same == locked->tensors.end()) continue;
    right = as_matrix(after, *same, static_cast<TensorId>(same - locked->tensors.begin()));
    left = std::move(m);
    name = tensor.name;
  }
  if (!left || !right) return fail(ErrorKind::kInput, "there is no matrix to draw");
  if (auto done = write_picture(picture, *left, *right, 384); !done) return done;
  fmt::print("\n  '{}' before and after: {}\n", name, picture.native());
  return {};
}

Result<void> run(int argc, char** argv) {
  if (argc != 6) {
    return fail(ErrorKind::kUsage, "five arguments are needed",
                "permcrypt_demo DATA ORIGINAL ENCRYPTED TOKEN PICTURE");
  }
  if (auto done = print_accuracies(argv[1], argv[2], argv[3], argv[4]); !done) return done;
  return draw_weight(argv[2], argv[3], argv[5]);
}

}  // namespace
}  // namespace permcrypt

int main(int argc, char** argv) {
  const auto done = permcrypt::run(argc, argv);
  if (done) return 0;
  fmt::print(stderr, "error: {}\nhint: {}\n", done.error().message, done.error().hint);
  return static_cast<int>(done.error().kind);
}
