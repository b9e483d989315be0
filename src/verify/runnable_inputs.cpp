#include "verify/runnable_inputs.h"

#include <string>
#include <utility>

#include "read/data_type.h"

namespace permcrypt {
namespace {

// A name that is bound already keeps its extent.
void bind(InputChoices& choices, const TensorInfo::Dim& dim, std::int64_t size) {
  if (dim.size < 0 && !dim.name.empty()) choices.dims.emplace(dim.name, size);
}

// Each name alone could be that of all positions, past and new.
void guess_totals(std::span<const TensorInfo> inputs, const InputChoices& choices,
                  std::vector<InputChoices>& guesses) {
  for (const TensorInfo& input : inputs) {
    if (choices.caches.contains(input.name)) continue;
    for (std::size_t axis = 1; axis < input.shape.size(); ++axis) {
      InputChoices guess = choices;
      bind(guess, input.shape[axis], choices.past + choices.others);
      if (guess.dims.size() > choices.dims.size()) guesses.push_back(std::move(guess));
    }
  }
}

// Floating-point inputs of rank 4 as pictures, of lower rank with a longer last axis.
InputChoices with_sizes(std::span<const TensorInfo> inputs, const InputChoices& choices,
                        std::int64_t channels, std::int64_t side, std::int64_t length) {
  InputChoices guess = choices;
  for (const TensorInfo& input : inputs) {
    if (is_integer(input.type) || choices.caches.contains(input.name)) continue;
    const auto& shape = input.shape;
    if (shape.size() == 4) {
      bind(guess, shape[1], channels);
      bind(guess, shape[2], side);
      bind(guess, shape[3], side);
    } else if (shape.size() >= 2) {
      bind(guess, shape.back(), length);
    }
  }
  return guess;
}

std::vector<InputChoices> further_guesses(std::span<const TensorInfo> inputs,
                                          const InputChoices& choices) {
  std::vector<InputChoices> guesses;
  guess_totals(inputs, choices, guesses);
  guesses.push_back(with_sizes(inputs, choices, 3, 32, 400));
  guesses.push_back(with_sizes(inputs, choices, 3, 224, 4000));
  guesses.push_back(with_sizes(inputs, choices, 1, 28, 16000));
  InputChoices first_step = choices;  // without a past
  first_step.past = 0;
  guesses.push_back(first_step);
  InputChoices single = choices;  // exporters fold an example's only batch or step into the graph
  single.batch = single.others = 1;
  guesses.push_back(single);
  return guesses;
}

}  // namespace

Result<std::vector<TensorData>> runnable_inputs(Session& session, const InputChoices& choices) {
  const auto attempt = [&](const InputChoices& guess) -> Result<std::vector<TensorData>> {
    Result<std::vector<TensorData>> inputs = make_inputs(session.inputs(), guess);
    if (!inputs) return inputs;
    if (auto outputs = session.run(*inputs); !outputs) return fail(outputs.error());
    return inputs;
  };
  Result<std::vector<TensorData>> first = attempt(choices);
  if (first) return first;
  for (const InputChoices& guess : further_guesses(session.inputs(), choices)) {
    if (Result<std::vector<TensorData>> inputs = attempt(guess)) return inputs;
  }
  first.error().message = "the model does not run on made-up inputs: " + first.error().message;
  first.error().hint = "give data with --inputs";
  return first;
}

}  // namespace permcrypt
