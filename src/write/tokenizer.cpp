#include "write/tokenizer.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

namespace permcrypt {
namespace {

// The order of the vocabulary in the file is kept.
using Json = nlohmann::ordered_json;

constexpr int kMaxNesting = 64;

// Thrown and caught in this file only: the file is no tokenizer.
struct Malformed {};

using VisitId = std::function<void(Json& id)>;

void visit_number(Json& value, const VisitId& visit) {
  if (!value.is_number_unsigned()) throw Malformed{};
  visit(value);
}

Json* find(Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto it = object.find(name);
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

// BertProcessing and RobertaProcessing name two tokens, TemplateProcessing a table of them, and
// Sequence several processors.
void visit_processor(Json& processor, const VisitId& visit, int nesting = 0) {
  for (const char* name : {"sep", "cls"}) {
    Json* pair = find(processor, name);
    if (pair && pair->is_array() && pair->size() == 2) visit_number((*pair)[1], visit);
  }
  if (Json* tokens = find(processor, "special_tokens"); tokens && tokens->is_object()) {
    for (auto& token : *tokens) {
      if (Json* ids = find(token, "ids")) {
        for (Json& id : *ids) visit_number(id, visit);
      }
    }
  }
  Json* inner = find(processor, "processors");
  if (!inner || nesting == kMaxNesting) return;
  for (Json& one : *inner) visit_processor(one, visit, nesting + 1);
}

// Every id of the file, but the positions of a Unigram vocabulary, which are ids as well.
void visit_ids(Json& tokenizer, const VisitId& visit) {
  Json* model = find(tokenizer, "model");
  Json* vocabulary = model ? find(*model, "vocab") : nullptr;
  if (!vocabulary || !vocabulary->is_structured()) throw Malformed{};
  if (vocabulary->is_object()) {
    for (Json& id : *vocabulary) visit_number(id, visit);
  }
  if (Json* unknown = find(*model, "unk_id")) visit_number(*unknown, visit);
  if (Json* added = find(tokenizer, "added_tokens")) {
    for (Json& token : *added) {
      if (Json* id = find(token, "id")) visit_number(*id, visit);
    }
  }
  if (Json* padding = find(tokenizer, "padding")) {
    if (Json* id = find(*padding, "pad_id")) visit_number(*id, visit);
  }
  if (Json* processor = find(tokenizer, "post_processor")) visit_processor(*processor, visit);
}

// The token types that templates give to tokens.
void visit_types(Json& processor, const VisitId& visit, int nesting = 0) {
  for (const char* name : {"single", "pair"}) {
    Json* pieces = find(processor, name);
    if (!pieces) continue;
    for (Json& piece : *pieces) {
      for (Json& token : piece) {
        if (Json* type = find(token, "type_id")) visit_number(*type, visit);
      }
    }
  }
  Json* inner = find(processor, "processors");
  if (!inner || nesting == kMaxNesting) return;
  for (Json& one : *inner) visit_types(one, visit, nesting + 1);
}

// Models with token types take them as ids of a small table of their own.
Result<void> renumber_types(Json& tokenizer, const std::vector<ClientMap>& maps,
                            const Permutation& vocabulary) {
  constexpr std::size_t kMostTypes = 16;
  const Permutation* index = nullptr;
  for (const ClientMap& map : maps) {
    if (!map.ids || map.carrier != Carrier::kInput || map.index.front() == vocabulary ||
        map.index.front().size() > kMostTypes) {
      continue;
    }
    if (index) return fail(ErrorKind::kState, "several inputs of the model could take token types");
    index = &map.index.front();
  }
  if (!index) return {};
  bool any = false;
  const auto renumber = [&](Json& type) {
    if (type.get<std::uint64_t>() >= index->size()) throw Malformed{};
    type = (*index)[type.get<std::size_t>()];
    any = true;
  };
  if (Json* processor = find(tokenizer, "post_processor")) visit_types(*processor, renumber);
  if (!any) {
    return fail(ErrorKind::kState,
                "the model takes token types, and the tokenizer has no template "
                "that says which",
                "renumber the ids with the client graphs instead");
  }
  if (Json* padding = find(tokenizer, "padding")) {
    if (Json* type = find(*padding, "pad_type_id")) visit_number(*type, renumber);
  }
  return {};
}

// How many ids there are, counted to the largest.
std::uint64_t count_ids(Json& tokenizer) {
  const Json& vocabulary = tokenizer["model"]["vocab"];
  std::uint64_t count = vocabulary.is_array() ? vocabulary.size() : 0;
  visit_ids(tokenizer, [&](Json& id) { count = std::max(count, id.get<std::uint64_t>() + 1); });
  return count;
}

void renumber_pieces(Json& pieces, const Permutation& index) {
  Json renumbered = Json::array();
  for (std::size_t i = 0; i < index.size(); ++i) {
    renumbered.push_back({"<permcrypt:" + std::to_string(i) + ">", -1e6});
  }
  for (std::size_t i = 0; i < pieces.size(); ++i) renumbered[index[i]] = std::move(pieces[i]);
  pieces = std::move(renumbered);
}

Result<const Permutation*> choose(const std::vector<ClientMap>& maps, std::uint64_t ids) {
  const Permutation* chosen = nullptr;
  for (const ClientMap& map : maps) {
    if (!map.ids || map.carrier != Carrier::kInput || map.index.front().size() < ids) continue;
    if (chosen && *chosen != map.index.front()) {
      return fail(ErrorKind::kState, "several inputs of the model take ids of such a vocabulary",
                  "renumber the ids with the client graphs instead");
    }
    chosen = &map.index.front();
  }
  if (chosen) return chosen;
  return fail(ErrorKind::kInput,
              "no input of the model takes all " + std::to_string(ids) + " ids of the tokenizer",
              "is this the model's tokenizer, and did encrypt list the ids among its locks?");
}

std::optional<Json> parse(std::string_view text) {
  bool too_deep = false;
  Json json = Json::parse(
      text,
      [&](int depth, Json::parse_event_t, Json&) {
        too_deep = too_deep || depth > kMaxNesting;
        return !too_deep;
      },
      false);
  if (too_deep || json.is_discarded()) return std::nullopt;
  return json;
}

}  // namespace

Result<std::string> renumber_tokenizer(std::string_view text, const std::vector<ClientMap>& maps) {
  const auto malformed = fail(ErrorKind::kInput, "this is no tokenizer.json of Hugging Face",
                              "AutoTokenizer.save_pretrained() writes one");
  auto tokenizer = parse(text);
  if (!tokenizer) return malformed;
  try {
    if (find(*tokenizer, "model") == nullptr) return malformed;
    const auto index = choose(maps, count_ids(*tokenizer));
    if (!index) return fail(index.error());
    visit_ids(*tokenizer, [&](Json& id) { id = (**index)[id.get<std::size_t>()]; });
    if (auto done = renumber_types(*tokenizer, maps, **index); !done) return fail(done.error());
    Json& vocabulary = (*tokenizer)["model"]["vocab"];
    if (vocabulary.is_array()) renumber_pieces(vocabulary, **index);
    return tokenizer->dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  } catch (const Malformed&) {
    return malformed;
  } catch (const Json::exception&) {
    return malformed;
  }
}

}  // namespace permcrypt
