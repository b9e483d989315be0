#include "write/sealed_plan.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

namespace permcrypt {
namespace {

AxisMap still(std::uint64_t extent) { return {AxisMap::Kind::kFixed, extent, kNone, {}}; }
AxisMap group(std::uint32_t number, std::uint64_t extent) {
  return {AxisMap::Kind::kGroup, extent, number, {}};
}

std::string all_bytes() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  return bytes;
}

// Something of everything.
SealedPlan sample() {
  SealedPlan sealed;
  sealed.original_sizes = {1000, 5000};
  sealed.original.fill(0xab);
  sealed.options = {{"carry", "key"}, {"licensee", "Zo\xc3\xab \xff"}};
  Plan& plan = sealed.plan;
  plan.groups = {{GroupId{1}, 4, "residual"}, {GroupId{2, 3}, 6, "heads"}};
  const AxisMap product{AxisMap::Kind::kProduct, 24, kNone, {group(0, 4), group(1, 6)}};
  plan.tensors = {{"blk/w" + all_bytes(),
                   {0, 100, 96},
                   {32, {4, 6}, 6, Encoding::kFixed},
                   {group(0, 4), group(1, 6)},
                   {}},
                  {"ids", {0, 196, 10}, {64, {2}, 2, Encoding::kVarint}, {still(2)}, product},
                  {"", {1, 0, 24}, {4, {2, 24}, 25, Encoding::kFixed}, {still(2), product}, {}}};
  plan.locks = {{LockKind::kIndex, "ids", 0, still(4), group(0, 4)},
                {LockKind::kAll, "x", 2, product, still(24)},
                {LockKind::kIndex, "ids", 0, still(4), group(0, 4), Carrier::kInput, {}},
                {LockKind::kOutput, "y", 1, product, still(24), Carrier::kOutput,
                 {{{2, 3}, {}, {4}}, {2, 0, 1}}}};
  plan.caches = {{"past", "present", {still(1), product}}};
  plan.edits = {{0, 0, "", "inserted"},
                {0, 0, all_bytes(), ""},
                {0, 300, "ab", all_bytes()},
                {1, 7, "ab", "c"}};
  plan.data_files = {"weights/model.data"};
  plan.bound_dims = {{"height", 224}, {"odd", -1}};
  plan.duplicates = {{"a", "b"}, {}, {"c"}};
  sealed.checkpoint = {{"model.w", 1, CheckpointLayout::kSame},
                       {"ids\xff", 0, CheckpointLayout::kTransposed},
                       {"rows", 0, CheckpointLayout::kRows}};
  sealed.salt_content = all_bytes().substr(100, 32);
  return sealed;
}

TEST_CASE("a sealed plan survives") {
  const SealedPlan before = sample();
  const auto parsed = parse_sealed_plan(to_json(before));
  REQUIRE(parsed.has_value());
  CHECK(parsed->original == before.original);
  CHECK(parsed->original_sizes == before.original_sizes);
  CHECK(parsed->options == before.options);
  CHECK(parsed->checkpoint == before.checkpoint);
  CHECK(parsed->salt_content == before.salt_content);
  const Plan &a = before.plan, &b = parsed->plan;
  REQUIRE(b.groups.size() == a.groups.size());
  for (std::size_t i = 0; i < a.groups.size(); ++i) {
    CHECK(b.groups[i].id == a.groups[i].id);
    CHECK(b.groups[i].size == a.groups[i].size);
    CHECK(b.groups[i].role == a.groups[i].role);
  }
  REQUIRE(b.tensors.size() == a.tensors.size());
  for (std::size_t i = 0; i < a.tensors.size(); ++i) {
    CHECK(b.tensors[i].name == a.tensors[i].name);
    CHECK(b.tensors[i].payload == a.tensors[i].payload);
    CHECK(b.tensors[i].view == a.tensors[i].view);
    CHECK(b.tensors[i].axes == a.tensors[i].axes);
    CHECK(b.tensors[i].values == a.tensors[i].values);
  }
  REQUIRE(b.locks.size() == a.locks.size());
  for (std::size_t i = 0; i < a.locks.size(); ++i) {
    CHECK(b.locks[i].kind == a.locks[i].kind);
    CHECK(b.locks[i].value == a.locks[i].value);
    CHECK(b.locks[i].axis == a.locks[i].axis);
    CHECK(b.locks[i].upstream == a.locks[i].upstream);
    CHECK(b.locks[i].downstream == a.locks[i].downstream);
    CHECK(b.locks[i].carrier == a.locks[i].carrier);
    CHECK(b.locks[i].joint == a.locks[i].joint);
  }
  REQUIRE(b.caches.size() == 1);
  CHECK(b.caches[0].past == "past");
  CHECK(b.caches[0].present == "present");
  CHECK(b.caches[0].axes == a.caches[0].axes);
  REQUIRE(b.edits.size() == a.edits.size());
  for (std::size_t i = 0; i < a.edits.size(); ++i) {
    CHECK(b.edits[i].file == a.edits[i].file);
    CHECK(b.edits[i].offset == a.edits[i].offset);
    CHECK(b.edits[i].original == a.edits[i].original);
    CHECK(b.edits[i].replacement == a.edits[i].replacement);
  }
  CHECK(b.data_files == a.data_files);
  CHECK(b.bound_dims == a.bound_dims);
  CHECK(b.duplicates == a.duplicates);
  CHECK(to_json(*parsed) == to_json(before));
}

// Two sparse tensors, one of them with its parts in two files.
SealedPlan sparse_sample() {
  SealedPlan sealed = sample();
  sealed.plan.sparse = {{"s" + all_bytes(),
                         {32, {4, 6}, 6, Encoding::kFixed},
                         {group(0, 4), group(1, 6)},
                         5,
                         {0, 300, 20},
                         {1, 100, 40},
                         Encoding::kFixed,
                         false},
                        {"t",
                         {16, {4, 2}, 2, Encoding::kVarint},
                         {group(0, 4), still(2)},
                         3,
                         {0, 320, 7},
                         {0, 330, 6},
                         Encoding::kVarint,
                         true}};
  return sealed;
}

TEST_CASE("a sealed plan of sparse tensors survives") {
  const SealedPlan before = sparse_sample();
  const auto parsed = parse_sealed_plan(to_json(before));
  REQUIRE(parsed.has_value());
  REQUIRE(parsed->plan.sparse.size() == before.plan.sparse.size());
  for (std::size_t i = 0; i < before.plan.sparse.size(); ++i) {
    const PlanSparse &a = before.plan.sparse[i], &b = parsed->plan.sparse[i];
    CHECK(b.name == a.name);
    CHECK(b.view == a.view);
    CHECK(b.axes == a.axes);
    CHECK(b.entries == a.entries);
    CHECK(b.values == a.values);
    CHECK(b.indices == a.indices);
    CHECK(b.index_encoding == a.index_encoding);
    CHECK(b.coordinates == a.coordinates);
  }
  CHECK(to_json(*parsed) == to_json(before));
}

// What knows no sparse tensors takes views of four items only.
TEST_CASE("a plan of sparse tensors has views that earlier readers refuse") {
  const auto views_of = [](const SealedPlan& sealed) {
    std::vector<std::size_t> sizes;
    const auto json = nlohmann::json::parse(to_json(sealed));
    for (const auto& view : json["tensors"]["views"]) sizes.push_back(view.size());
    return sizes;
  };
  CHECK(views_of(sample()) == std::vector<std::size_t>{4, 4, 4});
  CHECK(views_of(sparse_sample()) == std::vector<std::size_t>{4, 4, 4, 5, 5});
  CHECK_FALSE(nlohmann::json::parse(to_json(sample())).contains("sparse"));
}

TEST_CASE("plans whose sparse tensors make no sense are refused") {
  const auto refused = [](auto change) {
    SealedPlan sealed = sparse_sample();
    change(sealed.plan.sparse[0]);
    return !parse_sealed_plan(to_json(sealed));
  };
  CHECK_FALSE(refused([](PlanSparse&) {}));
  CHECK(refused([](PlanSparse& s) { s.values.file = 2; }));
  CHECK(refused([](PlanSparse& s) { s.values.length = 1000; }));
  CHECK(refused([](PlanSparse& s) { s.indices.offset = UINT64_MAX; }));
  CHECK(refused([](PlanSparse& s) { s.indices = s.values; }));
  CHECK(refused([](PlanSparse& s) { s.values.offset = 150; }));  // a dense tensor's
  CHECK(refused([](PlanSparse& s) { s.entries = std::uint64_t{1} << 32; }));
  CHECK(refused([](PlanSparse& s) { s.axes.pop_back(); }));
  CHECK(refused([](PlanSparse& s) { s.view.shape[0] = 5; }));
  auto json = nlohmann::json::parse(to_json(sparse_sample()));
  json["sparse"][0][1] = 0;  // the view of a dense tensor
  CHECK_FALSE(parse_sealed_plan(json.dump()));
  json = nlohmann::json::parse(to_json(sparse_sample()));
  json["tensors"]["view"][0] = 3;  // that of a sparse one
  CHECK_FALSE(parse_sealed_plan(json.dump()));
}

// A group of 4 permutations of 6, one for each index of the first group.
SealedPlan fibred_sample() {
  SealedPlan sealed = sample();
  sealed.plan.groups.push_back({GroupId{9}, 6, "head_dim", 4});
  sealed.plan.tensors.back().axes.back() = {
      AxisMap::Kind::kFibred, 24, kNone, {group(0, 4), group(2, 6)}};
  sealed.plan.caches.push_back({"past 2",
                                "present 2",
                                {group(0, 4), still(0), sealed.plan.tensors.back().axes.back()},
                                {kNone, kNone, 0}});
  return sealed;
}

TEST_CASE("a sealed plan with fibres survives") {
  const SealedPlan before = fibred_sample();
  const auto parsed = parse_sealed_plan(to_json(before));
  REQUIRE(parsed.has_value());
  CHECK(parsed->plan.groups[0].fibres == 1);
  CHECK(parsed->plan.groups[2].fibres == 4);
  CHECK(parsed->plan.tensors.back().axes == before.plan.tensors.back().axes);
  CHECK(parsed->plan.caches[0].leading.empty());
  CHECK(parsed->plan.caches[1].axes == before.plan.caches[1].axes);
  CHECK(parsed->plan.caches[1].leading == before.plan.caches[1].leading);
  CHECK(to_json(*parsed) == to_json(before));
  // Files without fibres are as they always were.
  CHECK(to_json(sample()).find("fibres") == std::string::npos);
}

TEST_CASE("fibres that make no sense are refused") {
  using Json = nlohmann::json;
  const auto refused = [](const char* pointer, const Json& value) {
    auto json = Json::parse(to_json(fibred_sample()));
    json[Json::json_pointer(pointer)] = value;
    return !parse_sealed_plan(json.dump()).has_value();
  };
  CHECK(!refused("/fibres/0/1", 4));
  for (const Json& number : {Json(0), Json(1), Json(3), Json(5), Json(-4), Json("4")}) {
    CHECK(refused("/fibres/0/1", number));
  }
  for (const Json& group : {Json(0), Json(1), Json(3), Json(-1)}) {
    CHECK(refused("/fibres/0/0", group));
  }
  CHECK(refused("/fibres", Json::object()));
  CHECK(refused("/fibres/0", Json::array({2})));
  CHECK(refused("/fibres/0/1", 4294967295u));
  CHECK(!refused("/caches/1/3/2", 1));
  for (const Json& axis : {Json(2), Json(3), Json(4), Json(-1)}) {
    CHECK(refused("/caches/1/3/2", axis));
  }
  CHECK(refused("/caches/1/3/1", 1));
  CHECK(refused("/caches/1/3", Json::array({0, 0})));
}

TEST_CASE("an empty plan survives") {
  SealedPlan sealed;
  sealed.original_sizes = {0};
  const auto parsed = parse_sealed_plan(to_json(sealed));
  REQUIRE(parsed.has_value());
  CHECK(to_json(*parsed) == to_json(sealed));
}

// Whether the sample's JSON is refused after `change`.
template <class Change>
bool refused(Change change) {
  auto json = nlohmann::json::parse(to_json(sample()));
  change(json);
  const auto parsed = parse_sealed_plan(json.dump());
  return !parsed.has_value() && parsed.error().kind == ErrorKind::kResult;
}

TEST_CASE("plans that make no sense are refused") {
  using Json = nlohmann::json;
  CHECK(!refused([](Json&) {}));
  CHECK(refused([](Json& j) { j = Json::array(); }));
  CHECK(refused([](Json& j) { j["tensors"]["gap"][0] = 1u << 20; }));
  CHECK(refused([](Json& j) { j["locks"][2].push_back(1); }));
  CHECK(refused([](Json& j) { j["locks"][2][5] = 3; }));
  CHECK(refused([](Json& j) { j["locks"][3][0] = 0; }));
  CHECK(refused([](Json& j) { j["locks"][3][5] = 0; }));
  CHECK(refused([](Json& j) { j["locks"][3][6][0][0] = 3; }));
  CHECK(refused([](Json& j) { j["locks"][3][6][0][0] = ~0ull; }));
  CHECK(refused([](Json& j) { j["locks"][3][7][0] = 3; }));
  CHECK(refused([](Json& j) { j["locks"][3][7][0] = 1; }));
  CHECK(refused([](Json& j) { j["locks"][3][7].push_back(0); }));
  CHECK(refused([](Json& j) { j["tensors"]["gap"][1] = ~0ull; }));
  CHECK(refused([](Json& j) { j["tensors"]["gap"][0] = -1; }));
  CHECK(refused([](Json& j) { j["tensors"]["gap"][0] = 1.5; }));
  CHECK(refused([](Json& j) { j["tensors"]["length"][2] = 5001; }));
  CHECK(refused([](Json& j) { j["tensors"]["file"][0] = 1; }));
  CHECK(refused([](Json& j) { j["tensors"]["file"][2] = 2; }));
  CHECK(refused([](Json& j) { j["tensors"]["view"][0] = 3; }));
  CHECK(refused([](Json& j) { j["tensors"]["view"][0] = 1; }));
  CHECK(refused([](Json& j) { j["tensors"]["axes"][0][0] = 99; }));
  CHECK(refused([](Json& j) { j["tensors"]["axes"][0].erase(0); }));
  CHECK(refused([](Json& j) { j["tensors"]["values"][0] = 99; }));
  CHECK(refused([](Json& j) { j["tensors"]["values"].erase(0); }));
  CHECK(refused([](Json& j) { j["axes"][0] = "g7"; }));
  CHECK(refused([](Json& j) { j["axes"][0] = std::string(1000, '('); }));
  CHECK(refused([](Json& j) { j["groups"][0][1] = 5; }));
  CHECK(refused([](Json& j) { j["groups"][0][0] = "ab"; }));
  CHECK(refused([](Json& j) { j["groups"][0][2] = "\u0100"; }));
  CHECK(refused([](Json& j) { j["locks"][0][0] = 6; }));
  CHECK(refused([](Json& j) { j["locks"][0][3] = j["locks"][1][3]; }));
  CHECK(refused([](Json& j) { j["edits"]["original"][0] = 77; }));
  CHECK(refused([](Json& j) { j["edits"]["gap"][2] = 999; }));
  CHECK(refused([](Json& j) { j["files"][0] = "../elsewhere"; }));
  CHECK(refused([](Json& j) { j["files"].push_back("more"); }));
  for (const char* name : {"groups", "axes", "tensors", "locks", "caches", "edits", "bytes",
                           "files", "dims", "duplicates", "original", "sizes", "options"}) {
    CHECK(refused([&](Json& j) { j.erase(name); }));
    CHECK(refused([&](Json& j) { j[name] = 3; }));
  }
  CHECK(!parse_sealed_plan(std::string(1 << 20, '[')).has_value());
  CHECK(!parse_sealed_plan("").has_value());
  const std::string whole = to_json(sample());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    REQUIRE(!parse_sealed_plan(whole.substr(0, size)).has_value());
  }
}

}  // namespace
}  // namespace permcrypt
