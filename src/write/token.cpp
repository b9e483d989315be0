#include "permcrypt/token.h"

#include <algorithm>
#include <utility>

#include "base/mapped_file.h"
#include "base/quote.h"
#include "permcrypt/client_map.h"
#include "write/client_graphs.h"
#include "write/encrypted_model.h"
#include "write/tokenizer.h"

namespace permcrypt {

namespace {

bool carries_data(const SealedPlan& sealed) {
  return std::ranges::any_of(sealed.options, [](const auto& option) {
    return option.first == "carry" && option.second != "key";
  });
}

ClientValue client_value(const onnx::ValueInfoProto& value) {
  ClientValue out{value.name(), {}};
  for (const auto& dim : value.type().tensor_type().shape().dim()) {
    out.shape.push_back(dim.has_dim_value() ? dim.dim_value() : -1);
  }
  return out;
}

}  // namespace

Result<ClientSide> open_client_side(const std::filesystem::path& model, const KeyOptions& key) {
  const auto encrypted = read_encrypted(model);
  if (!encrypted) return fail(encrypted.error());
  const auto secret = find_key(key);
  if (!secret) return fail(secret.error());
  const auto opened = open_with(*secret, *encrypted);
  if (!opened) return fail(opened.error());
  if (!carries_data(opened->sealed)) {
    return fail(ErrorKind::kState, "the data of " + in_quotes(model.native()) + " carries no key",
                "feed it as it is, beside the token");
  }
  ClientSide side{client_maps(opened->sealed.plan, opened->groups), {}, {}};
  for (const auto& value : data_inputs(encrypted->model.structure, encrypted->key_input)) {
    side.inputs.push_back(client_value(value));
  }
  for (const auto& value : encrypted->model.structure.graph().output()) {
    side.outputs.push_back(client_value(value));
  }
  return side;
}

Result<Token> make_token(const std::filesystem::path& model, const KeyOptions& key,
                         const std::optional<std::filesystem::path>& tokenizer) {
  const auto encrypted = read_encrypted(model);
  if (!encrypted) return fail(encrypted.error());
  const auto secret = find_key(key);
  if (!secret) return fail(secret.error());
  const auto opened = open_with(*secret, *encrypted);
  if (!opened) return fail(opened.error());
  const Plan& plan = opened->sealed.plan;
  if (tokenizer && !carries_data(opened->sealed)) {
    return fail(ErrorKind::kState, "the data of " + in_quotes(model.native()) + " carries no key",
                "leave out --tokenizer: the ids are as they were");
  }
  Token token;
  if (!encrypted->key_input.empty()) token.vector = token_vector(plan, opened->groups);
  if (carries_data(opened->sealed)) {
    auto graphs = make_client_graphs(encrypted->model.structure, encrypted->key_input,
                                     client_maps(plan, opened->groups));
    if (!graphs) return fail(graphs.error());
    token.graphs = *std::move(graphs);
  }
  if (!tokenizer) return token;
  const auto file = MappedFile::open(*tokenizer);
  if (!file) return fail(file.error());
  auto renumbered = renumber_tokenizer(file->bytes(), client_maps(plan, opened->groups));
  if (!renumbered) return fail(renumbered.error());
  token.tokenizer = *std::move(renumbered);
  return token;
}

}  // namespace permcrypt
