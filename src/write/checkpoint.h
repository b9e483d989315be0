// A PyTorch checkpoint (safetensors) of the same model: permuted by the same plan, so that owners
// can fine-tune and serve the protected weights where they came from.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/mapped_file.h"
#include "permcrypt/apply.h"
#include "permcrypt/model.h"
#include "permcrypt/plan.h"
#include "permcrypt/status.h"
#include "read/safetensors.h"
#include "write/sealed_plan.h"

namespace permcrypt {

class Checkpoint {
 public:
  // Errors (kInput): not a safetensors file.
  static Result<Checkpoint> open(const std::filesystem::path& path);

  struct Match {
    std::vector<CheckpointEntry> entries;  // what moves
    std::vector<std::string> unmatched;    // floating-point tensors that no tensor of the model is
    std::set<TensorId> missing;            // tensors of the model that move, and are not here
  };
  // Finds each tensor in the model by its elements, in the model's order or transposed, as
  // exporters like to store matrices; among several with the same elements by its name. One that
  // stays ambiguous is unmatched, unless all candidates move alike. The model may also hold rows of
  // a table that an exporter took at fixed positions. Errors (kInput): the model's
  // files cannot be read.
  Result<Match> match(const Model& model, PayloadReader& payloads, const Plan& plan) const;

  // The copy that permutes what `entries` name; inverse() of it goes back. Elements may have
  // another width than in the model: they were cast. Errors (kInput): an entry is missing here or
  // has another shape.
  Result<CopyJob> job(const Plan& plan, const std::vector<CheckpointEntry>& entries,
                      const std::vector<Permutation>& groups) const;

 private:
  std::string_view bytes(const SafeTensor& tensor) const;
  std::uint32_t table_with_rows(const PlanTensor& planned, std::string_view elements) const;

  explicit Checkpoint(MappedFile file) : file_(std::move(file)) {}
  MappedFile file_;
  std::vector<SafeTensor> tensors_;
};

// Carries out a job of one file without edits. Errors: kOutput, kInput.
Result<void> write_checkpoint(const CopyJob& job, const std::filesystem::path& out, bool force,
                              unsigned threads);

}  // namespace permcrypt
