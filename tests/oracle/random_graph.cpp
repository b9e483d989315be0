#include "oracle/random_graph.h"

#include <algorithm>
#include <random>

#include "oracle/steps.h"

namespace permcrypt::testing {
namespace {

using T = onnx::TensorProto;

constexpr std::int64_t kMostElements = 3000;
constexpr std::int64_t kVocabulary = 11;
// Extents of the dynamic dimensions, sample by sample. The first are those of Dim::n.
struct Extents {
  std::int64_t n, m;
  std::int64_t of(char dimension) const { return dimension == 'n' ? n : m; }
};
constexpr Extents kExtents[] = {{3, 4}, {2, 6}, {5, 3}};

class Generator {
 public:
  Generator(std::uint32_t seed, const std::set<int>& without) : seed_(seed), without_(without) {}

  RandomGraph generate() {
    g_.reseed(seed_);
    batch_ = g_.chance(45) ? Dim{kExtents[0].n, 'n'} : Dim{1 + g_.pick(3)};
    time_ = g_.chance(30) ? Dim{kExtents[0].m, 'm'} : Dim{2 + g_.pick(5)};
    const int count = 3 + g_.pick(12);
    start();
    for (int i = 0; i < count; ++i) {
      g_.reseed(seed_ * 1000003 + static_cast<std::uint32_t>(i) + 1);
      out_.steps.emplace_back();
      if (!without_.contains(i)) step();
    }
    finish();
    return std::move(out_);
  }

 private:
  struct Input {
    std::string name;
    std::int32_t type;
    std::vector<Dim> dims;
  };

  void add_input(const std::string& name, std::int32_t type, const std::vector<Dim>& dims) {
    inputs_.push_back({g_.input(name, type, dims), type, dims});
  }

  // What the graph begins with: features, a sequence, a picture, or ids in a table.
  void start() {
    const std::int64_t width = g_.one_of<std::int64_t>({4, 6, 8, 12});
    switch (g_.pick(5)) {
      case 0:
        return begin_with({batch_, {width}});
      case 1:
        return begin_with({batch_, time_, {width}});
      case 2:
        return begin_with({batch_, {g_.one_of<std::int64_t>({3, 4, 6})}, {4}, {4}});
      case 3:
        begin_with({batch_, time_, {width}});
        g_.values.push_back({"y", {batch_, time_, {width}}});
        return add_input("y", T::FLOAT, g_.values.back().dims);
      default:
        add_input("ids", T::INT64, {batch_, time_});
        g_.values.push_back({g_.node("Gather", {g_.weight({kVocabulary, width}), "ids"}),
                             {batch_, time_, {width}}});
    }
  }

  void begin_with(const std::vector<Dim>& dims) {
    add_input("x", T::FLOAT, dims);
    g_.values.push_back({"x", dims});
  }

  const Step& choose() {
    static const std::vector<const Step*> all = [] {
      std::vector<const Step*> out;
      for (const auto family :
           {elementwise_steps(), product_steps(), shape_steps(), part_steps(),
            normalisation_steps(), image_steps(), attention_steps(), selection_steps(),
            quantised_steps(), control_steps(), fused_steps(), table_steps(), mixing_steps()}) {
        for (const Step& step : family) {
          for (int i = 0; i < step.weight; ++i) out.push_back(&step);
        }
      }
      return out;
    }();
    return *g_.one_of(all);
  }

  // The first of a few steps that fits, behind the last value or an earlier one.
  void step() {
    for (int attempt = 0; attempt < 12; ++attempt) {
      const Value x = g_.chance(85) ? g_.values.back() : g_.one_of(g_.values);
      const Step& step = choose();
      const auto y = step.apply(g_, x);
      if (!y || y->elements() > kMostElements || y->rank() > 5) continue;
      out_.steps.back() = std::string(step.name);
      g_.values.push_back(*y);
      return;
    }
  }

  void finish() {
    auto& graph = g_.graph();
    graph.set_name("random");
    const bool branches =
        std::ranges::any_of(graph.node(), [](const auto& node) { return node.op_type() == "If"; });
    if (branches) add_input("flag", T::BOOL, {});
    g_.reseed(seed_ + 1);
    std::set<std::string> names{g_.values.back().name};
    if (g_.chance(30)) names.insert(g_.one_of(g_.values).name);
    if (g_.chance(80)) names.merge(unread());
    for (const std::string& name : names) {
      const bool is_input = std::ranges::find(inputs_, name, &Input::name) != inputs_.end();
      const std::string result = is_input ? g_.node("Identity", {name}) : name;
      auto& output = *graph.add_output();
      output.set_name(result);
      output.mutable_type()->mutable_tensor_type()->set_elem_type(T::FLOAT);
    }
    *out_.model.mutable_graph() = graph;
    out_.model.set_ir_version(8);
    for (const auto& [domain, version] : {std::pair{"", g_.opset()}, {"com.microsoft", 1}}) {
      auto& import = *out_.model.add_opset_import();
      import.set_domain(domain);
      import.set_version(version);
    }
    for (const Extents& extents : kExtents) out_.samples.push_back(sample(extents));
  }

  // The values that nothing reads yet.
  std::set<std::string> unread() {
    std::set<std::string> out;
    for (const Value& value : g_.values) out.insert(value.name);
    for (const auto& node : g_.graph().node()) {
      for (const std::string& name : node.input()) out.erase(name);
    }
    return out;
  }

  std::vector<TensorData> sample(const Extents& extents) {
    std::vector<TensorData> out;
    for (const Input& input : inputs_) {
      TensorData tensor{input.name, input.type, {}, {}};
      std::size_t n = 1;
      for (const Dim& dim : input.dims) {
        tensor.shape.push_back(dim.dynamic ? extents.of(dim.dynamic) : dim.n);
        n *= static_cast<std::size_t>(tensor.shape.back());
      }
      for (std::size_t i = 0; i < n; ++i) append_element(tensor);
      out.push_back(std::move(tensor));
    }
    return out;
  }

  void append_element(TensorData& tensor) {
    const auto append = [&](auto element) {
      tensor.bytes.append(reinterpret_cast<const char*>(&element), sizeof element);
    };
    if (tensor.type == T::FLOAT) append(static_cast<float>(g_.normal()));
    if (tensor.type == T::INT64) append(std::int64_t{g_.pick(kVocabulary)});
    if (tensor.type == T::BOOL) append(static_cast<char>(g_.pick(2)));
  }

  std::uint32_t seed_;
  const std::set<int>& without_;
  GraphWriter g_{17};
  Dim batch_, time_;
  std::vector<Input> inputs_;
  RandomGraph out_;
};

}  // namespace

RandomGraph random_graph(std::uint32_t seed, const std::set<int>& without) {
  return Generator(seed, without).generate();
}

onnx::ModelProto shuffled(const onnx::ModelProto& model, std::uint32_t seed) {
  onnx::ModelProto out = model;
  std::mt19937 random(seed);
  auto& nodes = *out.mutable_graph()->mutable_node();
  for (int i = nodes.size() - 1; i > 0; --i) {
    nodes.SwapElements(i, static_cast<int>(random() % static_cast<std::uint32_t>(i + 1)));
  }
  return out;
}

}  // namespace permcrypt::testing
