// DATA of the command line: files that hold the inputs or outputs of a model.
//
//   folder   input_0.pb, input_1.pb ... (output_0.pb ...), an ONNX TensorProto each
//   .npz     one array per tensor
//   .npy     one tensor, without a name
//   .json    Polygraphy's: a list of dictionaries, one per run, of arrays in base64
//   .png     one picture, where client maps move its pixels (picture.h); no input to run a model on
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/output_file.h"
#include "permcrypt/status.h"
#include "verify/tensor_data.h"

namespace permcrypt {

enum class DataLayout { kFolder, kNpz, kNpy, kJson, kPng };

struct DataSet {
  DataLayout layout = DataLayout::kFolder;
  // The tensors of each run: exactly one run but for JSON. A tensor of a folder may have no name.
  std::vector<std::vector<TensorData>> runs;
  std::string stem = "output_";  // of the names of files in a folder that is written
};

// The inputs in `path`: of a folder, its input_K.pb in the order of K.
// Errors (kInput): nothing there, or not in the layout that its kind (folder, ending) promises.
Result<DataSet> read_data(const std::filesystem::path& path);

// A picture, as decode_png() gives it. Errors as of that, and kInput when it is not there.
Result<TensorData> read_picture(const std::filesystem::path& path);

bool is_picture(const std::filesystem::path& path);  // by its ending

// A folder called out.npz would surprise. Error (kUsage): `path` ends as another layout does.
Result<void> check_ending(const std::filesystem::path& path, DataLayout layout);

// The expected outputs that a folder holds beside the inputs (output_K.pb); none is no error.
Result<std::vector<TensorData>> read_expected(const std::filesystem::path& folder);

// Gives every tensor the name of the input it binds to: its own name, which may be one of
// `defaults`, or, without one, that of the input at its position. Errors (kInput): a name the model
// does not have, two tensors for one input, more tensors than inputs.
Result<std::vector<TensorData>> bind_inputs(std::vector<TensorData> tensors,
                                            std::span<const TensorInfo> inputs,
                                            std::span<const TensorInfo> defaults = {});

// Writes outputs in the layout they name: into the folder `path`, made if there is none, as
// <stem>K.pb, or as the file `path`. `inputs`: files that must not be written over.
// Errors (kOutput): a file exists, cannot be written, or NumPy lacks a type.
Result<void> write_data(const std::filesystem::path& path, const DataSet& outputs,
                        const OutputOptions& options,
                        std::vector<std::filesystem::path> inputs = {});

}  // namespace permcrypt
