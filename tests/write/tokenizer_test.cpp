#include "write/tokenizer.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

namespace permcrypt {
namespace {

using Json = nlohmann::json;

ClientMap ids(std::vector<std::uint32_t> index, const char* input = "input_ids") {
  return {Carrier::kInput, input, true, 0, {}, {Permutation(std::move(index))}};
}

constexpr const char* kWords = R"({
  "added_tokens": [{"id": 0, "content": "[PAD]"}, {"id": 3, "content": "[CLS]"}],
  "padding": {"pad_id": 0, "pad_type_id": 0},
  "post_processor": {"type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 1}}],
    "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [3], "tokens": ["[CLS]"]}}},
  "model": {"type": "WordPiece", "unk_token": "a", "vocab": {"[PAD]": 0, "a": 1, "b": 2, "[CLS]": 3}}
})";

TEST_CASE("a tokenizer's ids change wherever they are") {
  const auto text = renumber_tokenizer(kWords, {ids({4, 2, 0, 1, 3}), ids({1, 0}, "types")});
  REQUIRE(text);
  const Json json = Json::parse(*text);
  CHECK(json["model"]["vocab"] == Json({{"[PAD]", 4}, {"a", 2}, {"b", 0}, {"[CLS]", 1}}));
  CHECK(json["added_tokens"][0]["id"] == 4);
  CHECK(json["added_tokens"][1]["id"] == 1);
  CHECK(json["padding"]["pad_id"] == 4);
  CHECK(json["post_processor"]["special_tokens"]["[CLS]"]["ids"] == Json({1}));
  CHECK(json["padding"]["pad_type_id"] == 1);
  CHECK(json["post_processor"]["single"][0]["SpecialToken"]["type_id"] == 1);
  CHECK(json["post_processor"]["single"][1]["Sequence"]["type_id"] == 0);
}

TEST_CASE("the pieces of a Unigram vocabulary change places, and gaps are filled") {
  const auto text = renumber_tokenizer(
      R"({"model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["x", -1.5]]}})",
      {ids({2, 0, 1})});
  REQUIRE(text);
  const Json json = Json::parse(*text);
  CHECK(json["model"]["unk_id"] == 2);
  CHECK(json["model"]["vocab"][2][0] == "<unk>");
  CHECK(json["model"]["vocab"][0][0] == "x");
  CHECK(json["model"]["vocab"][1][1] < -1000);
}

TEST_CASE("tokenizers that do not fit are refused") {
  const std::vector<ClientMap> maps{ids({4, 2, 0, 1, 3})};
  for (const char* text :
       {"", "[]", "{}", R"({"model": 1})", R"({"model": {"vocab": 1}})",
        R"({"model": {"vocab": {"a": "b"}}})", R"({"model": {"vocab": {"a": -1}}})",
        R"({"model": {"vocab": {"a": 5}}})"}) {
    const auto result = renumber_tokenizer(text, maps);
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == ErrorKind::kInput);
  }
  const std::string deep(1000, '[');
  CHECK(renumber_tokenizer(deep, maps).error().kind == ErrorKind::kInput);
  CHECK(renumber_tokenizer(kWords, {}).error().kind == ErrorKind::kInput);
  CHECK(renumber_tokenizer(kWords, {maps[0], ids({0, 1, 2, 4, 3}, "other")}).error().kind ==
        ErrorKind::kState);
}

}  // namespace
}  // namespace permcrypt
