// Renumbers the vocabulary of a Hugging Face tokenizer.json, so that a pipeline gives out the ids that
// a model takes whose data carries the key.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "permcrypt/client_map.h"
#include "permcrypt/status.h"

namespace permcrypt {

// Ids change wherever the file has them (vocabulary, added tokens, special tokens of templates,
// padding), by the one map of input ids whose table holds them all; the token types of templates by
// the map of a small table, if there is one; everything else stays. Ids that only the table has
// become pieces of a Unigram model that no text holds.
// Errors: kInput for what is no tokenizer.json, or has ids beyond every table; kState when maps
// differ and it is not clear which is meant.
Result<std::string> renumber_tokenizer(std::string_view json, const std::vector<ClientMap>& maps);

}  // namespace permcrypt
