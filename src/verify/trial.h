// Runs of the original and of the encrypted model on the same data, in ONNX Runtime.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "permcrypt/client_map.h"
#include "permcrypt/plan.h"
#include "permcrypt/verify.h"
#include "verify/cache_order.h"
#include "verify/compare.h"
#include "verify/make_inputs.h"
#include "verify/runtime.h"

namespace permcrypt {

// One set of inputs and what the original makes of it.
struct Sample {
  std::vector<TensorData> inputs;
  std::vector<TensorData> expected;
};

struct TrialOptions {
  std::optional<std::filesystem::path> inputs;  // DATA; absent: inputs are made
  unsigned threads = 0;
  bool optimise = false;  // off: what the runtime fuses differs between the two models
  std::uint64_t weight_bytes = 0;  // a large model gets fewer made-up inputs
  // The plan does not know the order of its caches: pasts are zeros, presents are not compared.
  bool opaque_caches = false;
};

// Both models, loaded, with samples of the original's results.
class Trial {
 public:
  static Result<Trial> open(const std::filesystem::path& original,
                            const std::filesystem::path& encrypted, const Plan& plan,
                            const std::vector<Permutation>& groups, const TrialOptions& options);

  // Without the original: the encrypted model under `key` is what is expected.
  static Result<Trial> open_alone(const std::filesystem::path& encrypted, const Plan& plan,
                                  std::span<const std::int32_t> key, const TrialOptions& options);

  const std::vector<Sample>& samples() const { return samples_; }
  // The encrypted model's outputs in the original's order, for one sample under one lock vector.
  Result<std::vector<TensorData>> run(const Sample& sample, std::span<const std::int32_t> key);
  // The same, compared with what the original made; over the first samples, at most so many.
  Result<std::vector<OutputDifference>> differences(std::span<const std::int32_t> key,
                                                    std::size_t most_samples = SIZE_MAX);
  const Plan& plan() const { return *plan_; }

 private:
  Trial(Session encrypted, const Plan& plan, const std::vector<Permutation>& groups);

  Session encrypted_;
  const Plan* plan_;
  CacheOrder caches_;
  std::vector<ClientMap> maps_;  // under the key of the last run
  std::string key_name_;
  std::vector<Sample> samples_;
};

// What the plan says about the inputs that the model takes.
InputChoices choices_of(const Plan& plan);

// The figures of a comparison, for the report.
OutputFigures figures_of(std::string run, const OutputDifference& difference);

}  // namespace permcrypt
