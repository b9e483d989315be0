// A known answer: what a model makes of inputs that anybody can make again. Sealed under a key
// derived from the token, so that only those who may run the model can read it (docs/format.md,
// "Known answers").
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "permcrypt/status.h"
#include "permcrypt/verify.h"
#include "verify/make_inputs.h"
#include "verify/runtime.h"
#include "verify/tensor_data.h"

namespace permcrypt {

struct KnownAnswer {
  static constexpr std::size_t kMostSamples = 256;

  struct Output {
    std::string name;
    std::vector<std::int64_t> shape;
    double unit = 1;  // standard deviation of the output; errors are counted in it
    std::vector<std::pair<std::uint64_t, double>> samples;  // element, expected value
  };
  InputChoices choices;
  double tolerance = 0;  // in units of each output
  std::vector<Output> outputs;
};

// The outputs of the encrypted model under `token`, for the inputs that `choices` make.
Result<std::vector<TensorData>> run_for_answer(Session& session, const InputChoices& choices,
                                               std::span<const std::int32_t> token);

// At most kMostSamples elements, spread evenly over each output.
Result<KnownAnswer> sample_answer(InputChoices choices, double tolerance,
                                  std::span<const TensorData> outputs);
Result<Check> check_answer(const KnownAnswer& answer, std::span<const TensorData> outputs);

// The bytes of a known-answer file; the same for the same answer and token.
std::string seal_answer(const KnownAnswer& answer, std::span<const std::int32_t> token);
// Errors: kInput when it is no such file; kKey when it was sealed under another token, or changed.
Result<KnownAnswer> open_answer(std::string_view file, std::span<const std::int32_t> token);

}  // namespace permcrypt
