#include "verify/data_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/mapped_file.h"
#include "base/quote.h"
#include "verify/npy.h"
#include "verify/npz.h"
#include "verify/png_file.h"
#include "verify/polygraphy.h"
#include "verify/tensor_pb.h"

namespace permcrypt {
namespace {

namespace fs = std::filesystem;

// Says which file an error is about.
template <class T>
Result<T> in_file(const fs::path& path, Result<T> result) {
  return std::move(result).map_error([&](Error error) {
    error.message = in_quotes(path.native()) + ": " + error.message;
    if (error.hint.empty()) error.hint = "is the file complete, and what its ending says?";
    return error;
  });
}

// <stem>0.pb, <stem>1.pb ... until one is missing.
Result<std::vector<TensorData>> read_folder(const fs::path& folder, std::string_view stem) {
  std::vector<TensorData> tensors;
  for (int index = 0;; ++index) {
    const fs::path path = folder / fmt::format("{}{}.pb", stem, index);
    std::error_code failed;
    if (!fs::exists(path, failed)) return tensors;
    const auto file = MappedFile::open(path);
    if (!file) return fail(file.error());
    Result<TensorData> tensor = in_file(path, decode_tensor_pb(file->bytes()));
    if (!tensor) return fail(tensor.error());
    tensors.push_back(*std::move(tensor));
  }
}

Result<void> write_folder(const fs::path& folder, const DataSet& data, const OutputOptions& options,
                          std::vector<fs::path> inputs) {
  const std::vector<TensorData>& tensors = data.runs.at(0);
  std::error_code failed;
  const bool created = fs::create_directory(folder, failed);
  const auto write_all = [&]() -> Result<void> {
    if (failed) return fail(output_error(failed.value(), folder));
    OutputSet files(std::move(inputs));
    for (std::size_t index = 0; index < tensors.size(); ++index) {
      const auto file = files.add(folder / fmt::format("{}{}.pb", data.stem, index), options);
      if (!file) return fail(file.error());
      if (auto done = files.write(*file, 0, encode_tensor_pb(tensors[index])); !done) return done;
    }
    return files.commit();
  };
  Result<void> result = write_all();
  if (!result && created) fs::remove(folder, failed);
  return result;
}

std::string what_it_has(std::span<const TensorInfo> values) {
  constexpr std::size_t kShown = 12;
  std::string out = "the model has ";
  for (const TensorInfo& value : values.first(std::min(kShown, values.size()))) {
    out += (&value == values.data() ? "" : ", ") + in_quotes(value.name);
  }
  if (values.empty()) return out + "none";
  return values.size() > kShown ? out + " ..." : out;
}

Result<std::string> encode_file(const DataSet& data) {
  if (data.layout == DataLayout::kJson) return encode_polygraphy(data.runs);
  const std::vector<TensorData>& tensors = data.runs.at(0);
  if (data.layout == DataLayout::kNpz) return encode_npz(tensors);
  if (data.layout == DataLayout::kPng) return encode_png(tensors.at(0));
  if (tensors.size() == 1) return encode_npy(tensors[0]);
  return fail(ErrorKind::kOutput,
              "a .npy file holds one tensor, not " + std::to_string(tensors.size()),
              "give the inputs as .npz");
}

}  // namespace

Result<TensorData> read_picture(const fs::path& path) {
  const auto file = MappedFile::open(path);
  if (!file) return fail(file.error());
  return in_file(path, decode_png(file->bytes()));
}

bool is_picture(const fs::path& path) { return path.extension() == ".png"; }

Result<void> check_ending(const fs::path& path, DataLayout layout) {
  constexpr std::pair<std::string_view, DataLayout> kEndings[] = {{".npz", DataLayout::kNpz},
                                                                  {".npy", DataLayout::kNpy},
                                                                  {".json", DataLayout::kJson},
                                                                  {".png", DataLayout::kPng}};
  const std::string ending = path.extension();
  for (const auto& [known, its] : kEndings) {
    if (ending != known || layout == its) continue;
    return fail(
        ErrorKind::kUsage,
        "outputs are written in the layout of the inputs, which is not " + ending,
        layout == DataLayout::kFolder ? "name a folder with -o" : "name such a file with -o");
  }
  return {};
}

Result<DataSet> read_data(const fs::path& path) {
  DataSet data;
  std::error_code failed;
  if (fs::is_directory(path, failed)) {
    Result<std::vector<TensorData>> tensors = read_folder(path, "input_");
    if (!tensors) return fail(tensors.error());
    if (tensors->empty()) {
      return fail(ErrorKind::kInput, in_quotes(path.native()) + " holds no input_0.pb",
                  "name a folder of input_0.pb, input_1.pb ..., a .npz or a .json file");
    }
    data.runs.push_back(*std::move(tensors));
    return data;
  }
  if (is_picture(path)) {
    return fail(ErrorKind::kInput,
                in_quotes(path.native()) + " is a picture, and not the numbers that a model takes",
                "scale it as for training, and give the numbers as .npy");
  }
  const auto file = MappedFile::open(path);
  if (!file) return fail(file.error());
  if (path.extension() == ".json") {
    data.layout = DataLayout::kJson;
    auto runs = in_file(path, decode_polygraphy(file->bytes()));
    if (!runs) return fail(runs.error());
    data.runs = *std::move(runs);
  } else if (path.extension() == ".npy") {
    data.layout = DataLayout::kNpy;
    auto tensor = in_file(path, decode_npy(file->bytes(), ""));
    if (!tensor) return fail(tensor.error());
    data.runs.push_back({*std::move(tensor)});
  } else {
    data.layout = DataLayout::kNpz;
    auto tensors = in_file(path, decode_npz(file->bytes()));
    if (!tensors) return fail(tensors.error());
    data.runs.push_back(*std::move(tensors));
  }
  return data;
}

Result<std::vector<TensorData>> read_expected(const fs::path& folder) {
  return read_folder(folder, "output_");
}

Result<std::vector<TensorData>> bind_inputs(std::vector<TensorData> tensors,
                                            std::span<const TensorInfo> inputs,
                                            std::span<const TensorInfo> defaults) {
  const auto is_in = [](std::span<const TensorInfo> infos, const std::string& name) {
    return std::ranges::find(infos, name, &TensorInfo::name) != infos.end();
  };
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].name.empty()) {
      if (i >= inputs.size()) {
        return fail(ErrorKind::kInput,
                    fmt::format("{} tensors, where the model has {}", tensors.size(), inputs.size()),
                    what_it_has(inputs));
      }
      tensors[i].name = inputs[i].name;
    }
    const std::string& name = tensors[i].name;
    if (!is_in(inputs, name) && !is_in(defaults, name)) {
      return fail(ErrorKind::kInput, "the model has no " + in_quotes(name), what_it_has(inputs));
    }
    const auto before = std::span(tensors).first(i);
    if (std::ranges::find(before, name, &TensorData::name) != before.end()) {
      return fail(ErrorKind::kInput, "two tensors for " + in_quotes(name), what_it_has(inputs));
    }
  }
  return tensors;
}

Result<void> write_data(const fs::path& path, const DataSet& outputs, const OutputOptions& options,
                        std::vector<fs::path> inputs) {
  if (outputs.layout == DataLayout::kFolder) {
    return write_folder(path, outputs, options, std::move(inputs));
  }
  const Result<std::string> content = encode_file(outputs);
  if (!content) return fail(content.error());
  OutputSet files(std::move(inputs));
  const auto file = files.add(path, options);
  if (!file) return fail(file.error());
  if (auto done = files.write(*file, 0, *content); !done) return done;
  return files.commit();
}

}  // namespace permcrypt
