// Every extent and every integer that inference takes to be known is what ONNX Runtime computes.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/temp_folder.h"
#include "golden/sample_model.h"
#include "infer/registry.h"
#include "infer/text_model.h"
#include "permcrypt/analysis.h"
#include "verify/data_files.h"
#include "verify/runnable_inputs.h"
#include "verify/runtime.h"
#include "verify/trial.h"

using namespace permcrypt;
using namespace permcrypt::testing;

namespace {

namespace fs = std::filesystem;
using Tensors = std::vector<TensorData>;

template <class Value>
Value checked(Result<Value> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return *std::move(result);
}

// Writes down the known integers among the operands that pass by in the first pass over the graph.
class Witness : public RuleBook {
 public:
  void apply(const OpRule& rule, RuleCall& call) const override {
    rule.apply(call);
    if (!pass_) pass_ = &call.ws;
    if (pass_ != &call.ws) return;
    for (const ValueId value : call.node.inputs) {
      if (value == kNone) continue;
      const FoldedPtr& folded = call.ws.operands[value].folded;
      if (folded && folded->is_static() && folded->a.integral) integers[value] = folded->a;
    }
  }

  mutable std::map<ValueId, SmallTensor> integers;

 private:
  mutable const Workspace* pass_ = nullptr;
};

struct Counts {
  std::size_t extents = 0, integers = 0;
};

// What the values of a model's main graph are, by inference and by the runtime.
class Comparison {
 public:
  explicit Comparison(const onnx::ModelProto& proto)
      : proto_(proto),
        model_(checked(read_model(folder_.write("model.onnx", proto.SerializeAsString())))),
        payloads_(model_),
        graph_(checked(build_graph(model_, payloads_))) {
    // Dimensions that are solved for are known from the second time on.
    InferOptions options;
    options.dims = checked(infer(graph_, options)).bound_dims;
    options.rules = &witness_;
    inference_ = checked(infer(graph_, options));
  }

  // Every result of every node; nothing when the runtime does not run the model so.
  std::optional<Tensors> values(const fs::path& data) {
    onnx::ModelProto open = proto_;
    std::set<std::string> outputs;
    for (const auto& output : open.graph().output()) outputs.insert(output.name());
    for (const auto& node : proto_.graph().node()) {
      for (const auto& name : node.output()) {
        if (name.empty() || !outputs.insert(name).second) continue;
        open.mutable_graph()->add_output()->set_name(name);
      }
    }
    auto session =
        Session::from_bytes(open.SerializeAsString(), {}, {.optimise = false, .threads = 1});
    if (!session) return std::nullopt;
    const auto feeds = feeds_for(*session, data);
    auto results = feeds ? session->run(*feeds) : tl::unexpected(feeds.error());
    return results ? std::optional(*std::move(results)) : std::nullopt;
  }

  // What differs, by name; "" nothing.
  std::string difference(const Tensors& values, Counts& counts) {
    std::map<std::string, ValueId> ids;
    for (ValueId id = 0; id < graph_.values.size(); ++id) {
      if (graph_.values[id].scope.empty()) ids.emplace(graph_.values[id].name, id);
    }
    for (const TensorData& value : values) {
      const auto id = ids.find(value.name);
      if (id == ids.end()) continue;
      if (!fits(inference_.values[id->second], value, counts)) return "shape of " + value.name;
      const auto known = witness_.integers.find(id->second);
      const auto elements = to_integers(value);
      if (known == witness_.integers.end() || !elements) continue;
      if (known->second.ints != *elements) return "elements of " + value.name;
      counts.integers += elements->size();
    }
    return "";
  }

 private:
  Result<Tensors> feeds_for(Session& session, const fs::path& data) const {
    if (!data.empty()) return bind_inputs(checked(read_data(data)).runs.at(0), session.inputs());
    const auto analysis = analyse(checked(read_model(folder_ / "model.onnx")), {});
    return runnable_inputs(session, analysis ? choices_of(analysis->plan) : InputChoices{});
  }

  static bool fits(const ValueFacts& facts, const TensorData& value, Counts& counts) {
    if (!facts.known) return true;
    if (facts.axes.size() != value.shape.size()) return false;
    for (std::size_t k = 0; k < value.shape.size(); ++k) {
      if (facts.axes[k].dynamic()) continue;
      if (facts.axes[k].a != value.shape[k]) return false;
      ++counts.extents;
    }
    return true;
  }

  test::TempFolder folder_;
  const onnx::ModelProto& proto_;
  Model model_;
  PayloadReader payloads_;
  Graph graph_;
  Witness witness_;
  Inference inference_;
};

}  // namespace

TEST_CASE("shapes: extents and integers are those of the runtime" *
          doctest::skip(!runtime_available())) {
  Counts counts;
  for (const SampleModel& sample : sample_models()) {
    CAPTURE(std::string(sample.name));
    const auto model = load(sample);
    Comparison comparison(model);
    const auto values = comparison.values({});
    REQUIRE(values.has_value());
    CHECK(comparison.difference(*values, counts) == "");
  }
  CHECK(counts.extents > 2000);
  CHECK(counts.integers > 500);
}

// Bounds that follow from a dynamic extent: whether a table's last n rows, or all but n, cannot be
// told, and a single one is what it must not be taken for.
TEST_CASE("shapes: of slices from a position known at run time only" *
          doctest::skip(!runtime_available())) {
  for (const std::string_view start : {"Neg(n)", "Sub(rows, n)", "Identity(n)"}) {
    for (const std::string_view step : {"1", "-1"}) {
      CAPTURE(start);
      const auto model = text_model(
          fmt::format("sliced (float[n] x) => (float[m,3] y) <float[8,3] table,"
                      " int64[1] rows = {{8}}, int64[1] axis = {{0}}, int64[1] step = {{{}}},"
                      " int64[1] end = {{{}}}> {{ n = Shape(x)  start = {}"
                      "  y = Slice(table, start, end, axis, step) }}",
                      step, step == "1" ? "100" : "-100", start));
      Counts counts;
      Comparison comparison(model);
      const auto values = comparison.values({});
      REQUIRE(values.has_value());
      CHECK(comparison.difference(*values, counts) == "");
    }
  }
}

// Without models that have data files of their own; on the inputs that lie beside them.
TEST_CASE("shapes: in the zoo" *
          doctest::skip(!runtime_available() || std::getenv("PERMCRYPT_ZOO") == nullptr)) {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(std::getenv("PERMCRYPT_ZOO"))) {
    if (fs::exists(entry.path() / "model.onnx")) folders.push_back(entry.path());
  }
  std::ranges::sort(folders);
  int models = 0, ran = 0;
  Counts counts;
  for (std::size_t i = 0; i < folders.size(); ++i) {
    CAPTURE(folders[i].string());
    const auto model = load(folders[i] / "model.onnx");
    if (has_data_files(model)) continue;
    Comparison comparison(model);
    const auto values = comparison.values(folders[i] / "test_data_set_0");
    ++models;
    if (!values) continue;
    ++ran;
    CHECK(comparison.difference(*values, counts) == "");
  }
  MESSAGE(ran, " of ", models, " models; ", counts.extents, " extents, ", counts.integers,
          " integers");
  CHECK(ran * 10 >= models * 9);
}
