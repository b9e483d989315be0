// Which tensor of a model each tensor of a checkpoint is.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "permcrypt/model.h"
#include "permcrypt/plan.h"
#include "read/safetensors.h"
#include "write/sealed_plan.h"

namespace permcrypt {

struct Candidate {
  std::string_view name;
  std::uint32_t planned = kNone;  // index into Plan::tensors
  CheckpointLayout layout = CheckpointLayout::kSame;
};

// The elements of a tensor, row-major, or those of a matrix column by column.
struct TensorElements {
  std::string_view bytes;
  std::uint64_t width = 1;  // bytes per element
  std::uint64_t rows = 0;   // of the matrix as it is read; 0: in the order of the bytes
  std::uint64_t columns = 0;

  std::uint64_t count() const { return bytes.size() / width; }
  std::string_view operator[](std::uint64_t i) const {
    if (rows != 0) i = i % columns * rows + i / columns;
    return bytes.substr(i * width, width);
  }
};

// Looks up what a model has by its elements; built once. Points into model and plan.
class ModelTensors {
 public:
  ModelTensors(const Model& model, const Plan& plan);
  // Errors (kInput): the model's files cannot be read.
  Result<void> read(PayloadReader& payloads);

  TensorId id_of(const ByteSpan& span) const;
  // Tensors of the model with the same elements, in the same order or transposed.
  std::vector<Candidate> candidates(const SafeTensor& tensor, std::string_view bytes) const;

 private:
  struct Entry {
    const Tensor* tensor;
    std::string_view bytes;
  };
  using Key = std::tuple<std::uint64_t, std::uint64_t, std::string>;  // width, number of elements,
                                                                      // fingerprint
  using Place = std::tuple<std::uint32_t, std::uint64_t, std::uint64_t>;

  static Key key_of(const TensorElements& elements);
  // `shape`: of the model's tensor, where it matters.
  void add(const TensorElements& elements, const std::vector<std::int64_t>& shape,
           std::vector<Candidate>& found) const;

  const Model& model_;
  const Plan& plan_;
  std::map<Place, std::uint32_t> planned_;
  std::map<Place, TensorId> ids_;
  std::map<Key, std::vector<Entry>> by_key_;
};

// What the plan does to the elements of the checkpoint's tensor: equal texts, equal moves.
std::string move_text(const Plan& plan, const Candidate& candidate);

// The one that a tensor called `name` is; nothing when that cannot be told.
std::optional<Candidate> choose(const Plan& plan, std::vector<Candidate> candidates,
                                const std::string& name);

}  // namespace permcrypt
