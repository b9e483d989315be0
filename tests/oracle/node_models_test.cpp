// An outside oracle of the rules: ONNX's own models of one operator each, with their results. Every
// axis that inference leaves free is renumbered at random, and ONNX Runtime has to compute the
// renumbered results.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "infer/equivariance.h"
#include "verify/data_files.h"
#include "verify/runtime.h"

using namespace permcrypt;
using namespace permcrypt::testing;

namespace {

namespace fs = std::filesystem;
using T = onnx::TensorProto;

// What inference knows of a model's inputs.
enum class Known {
  kNothing,     // only their shapes
  kIntegers,    // the elements of those that are no floats: shapes, indices, masks
  kEverything,  // the elements of all: they are constants
  kNoExtents,   // as kIntegers, but the first extents of the others are dynamic
};
constexpr Known kAll[] = {Known::kNothing, Known::kIntegers, Known::kEverything, Known::kNoExtents};

// How a model came out; of several, the last counts.
enum class Verdict {
  kFixed,        // nothing may move
  kEquivariant,  // what may move, may
  kNotRun,       // the runtime has no kernel, or other results; or not made of numbers
  kUnsound,      // what may move, may not, or has another shape
};

struct Outcome {
  Verdict verdict = Verdict::kFixed;
  std::string detail;
};

bool is_float(std::int32_t type) {
  return type == T::FLOAT || type == T::DOUBLE || type == T::FLOAT16 || type == T::BFLOAT16;
}

void set_shape(onnx::ValueInfoProto& info, const TensorData& tensor, bool dynamic) {
  auto& type = *info.mutable_type()->mutable_tensor_type();
  type.set_elem_type(tensor.type);
  type.clear_shape();
  type.mutable_shape();
  for (const std::int64_t extent : tensor.shape) {
    auto& dim = *type.mutable_shape()->add_dim();
    if (dynamic && type.shape().dim_size() == 1) {
      dim.set_dim_param("n" + std::to_string(extent));
    } else {
      dim.set_dim_value(extent);
    }
  }
}

void add_initializer(onnx::GraphProto& graph, const TensorData& tensor) {
  auto& proto = *graph.add_initializer();
  proto.set_name(tensor.name);
  proto.set_data_type(tensor.type);
  for (const std::int64_t extent : tensor.shape) proto.add_dims(extent);
  proto.set_raw_data(tensor.bytes);
}

// The model with its data, which become constants as far as they are to be known.
OneNode with_data(const onnx::ModelProto& model, const std::vector<TensorData>& data, Known known) {
  OneNode out{model, {}};
  out.model.set_ir_version(std::max<std::int64_t>(model.ir_version(), 4));
  auto& graph = *out.model.mutable_graph();
  graph.clear_input();
  for (const TensorData& tensor : data) {
    const bool constant =
        known == Known::kEverything || (known != Known::kNothing && !is_float(tensor.type));
    if (constant) {
      add_initializer(graph, tensor);
      continue;
    }
    auto& input = *graph.add_input();
    input.set_name(tensor.name);
    set_shape(input, tensor, known == Known::kNoExtents);
    out.feeds.push_back(tensor);
  }
  for (auto& output : *graph.mutable_output()) output.clear_type();
  return out;
}

struct NodeModel {
  onnx::ModelProto proto;
  std::vector<TensorData> inputs, expected;
};

std::string contents(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Nothing where a model or its data are not made of tensors of numbers.
std::optional<NodeModel> read_node_model(const fs::path& folder) {
  NodeModel out;
  if (!out.proto.ParseFromString(contents(folder / "model.onnx"))) return std::nullopt;
  const fs::path data = folder / "test_data_set_0";
  auto session = Session::open(folder / "model.onnx", {.optimise = false, .threads = 1});
  if (!session) return std::nullopt;
  if (!session->inputs().empty()) {
    auto given = read_data(data);
    if (!given) return std::nullopt;
    auto bound = bind_inputs(std::move(given->runs.at(0)), session->inputs());
    if (!bound) return std::nullopt;
    out.inputs = *std::move(bound);
  }
  auto expected = read_expected(data);
  if (!expected || expected->size() != session->outputs().size()) return std::nullopt;
  for (std::size_t k = 0; k < expected->size(); ++k) {
    (*expected)[k].name = session->outputs()[k].name;
  }
  out.expected = *std::move(expected);
  return out;
}

// Whether anything is free, and if so, whether it really is.
Outcome judge(const NodeModel& model, Known known) {
  const OneNode one = with_data(model.proto, model.inputs, known);
  const auto results = run_as_written(one.model, one.feeds);
  if (!results) return {Verdict::kNotRun, results.error().message};
  if (!std::equal(results->begin(), results->end(), model.expected.begin(), nearly_equal)) {
    return {Verdict::kNotRun, "other results than ONNX's"};
  }
  try {
    Analysed analysed(one);
    bool free = false;
    for (const std::uint32_t seed : {1U, 2U}) {
      const auto permutations = analysed.random_permutations(seed);
      free = free || !permutations.empty();
      if (!is_equivariant(analysed, model.expected, permutations)) {
        return {Verdict::kUnsound, analysed.structure()};
      }
    }
    return {free ? Verdict::kEquivariant : Verdict::kFixed, ""};
  } catch (const std::exception& error) {
    return {Verdict::kUnsound, error.what()};
  }
}

// A bound beyond the end of an axis, where inference takes bounds to lie within dynamic extents.
const std::set<std::string> kOutOfRange = {"test_slice_neg_steps"};

// The worst that becomes of a model, however much of its inputs is known.
Verdict judge(const fs::path& folder) {
  const auto model = read_node_model(folder);
  if (!model) return Verdict::kNotRun;
  Verdict worst = Verdict::kFixed;
  for (const Known known : kAll) {
    if (known == Known::kNoExtents && kOutOfRange.contains(folder.filename())) continue;
    const Outcome outcome = judge(*model, known);
    CAPTURE(folder.filename().string());
    CAPTURE(static_cast<int>(known));
    CHECK_MESSAGE(outcome.verdict != Verdict::kUnsound, outcome.detail);
    worst = std::max(worst, outcome.verdict);
  }
  return worst;
}

// "Conv 3, Slice": operators and how often each occurs.
std::string listed(const std::map<std::string, int>& operators) {
  std::string text;
  for (const auto& [name, count] : operators) {
    text += (text.empty() ? "" : ", ") + name + (count > 1 ? " " + std::to_string(count) : "");
  }
  return text;
}

// The operator that a model is about.
std::string operator_in(const fs::path& folder) {
  onnx::ModelProto model;
  if (!model.ParseFromString(contents(folder / "model.onnx"))) return "?";
  const auto& nodes = model.graph().node();
  return nodes.empty() ? "?" : nodes[nodes.size() - 1].op_type();
}

// Judges a folder of models, of which at least `floor` must leave something free.
void judge_all(const fs::path& root, int floor) {
  if (!fs::exists(root)) {
    MESSAGE("skipped: ONNX's test data (Debian's libonnx-testdata) is not installed");
    return;
  }
  std::map<Verdict, int> counts;
  std::map<Verdict, std::map<std::string, int>> operators;
  for (const auto& entry : fs::directory_iterator(root)) {
    const Verdict verdict = judge(entry.path());
    ++counts[verdict];
    ++operators[verdict][operator_in(entry.path())];
  }
  MESSAGE(root.filename().string(), ": renumbered ", counts[Verdict::kEquivariant], ", fixed ",
          counts[Verdict::kFixed], ", not run ", counts[Verdict::kNotRun], ", unsound ",
          counts[Verdict::kUnsound], "\n  fixed: ", listed(operators[Verdict::kFixed]),
          "\n  not run: ", listed(operators[Verdict::kNotRun]));
  CHECK(counts[Verdict::kEquivariant] >= floor);
}

}  // namespace

TEST_CASE("node models: every operator of ONNX" * doctest::skip(!runtime_available())) {
  judge_all(fs::path(PERMCRYPT_ONNX_TESTDATA) / "node", 650);
}

TEST_CASE("node models: what exporters wrote" * doctest::skip(!runtime_available())) {
  judge_all(fs::path(PERMCRYPT_ONNX_TESTDATA) / "pytorch-converted", 55);
  judge_all(fs::path(PERMCRYPT_ONNX_TESTDATA) / "pytorch-operator", 18);
}
