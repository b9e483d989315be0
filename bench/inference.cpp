// Inference alone, and all that encrypt does before the first byte moves, by the size of the graph.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>

#include "permcrypt/analysis.h"
#include "permcrypt/graph.h"
#include "permcrypt/infer.h"
#include "stacked_model.h"

namespace permcrypt {
namespace {

class StackedModel {
 public:
  explicit StackedModel(int layers) {
    char name[] = "/tmp/permcrypt-bench-XXXXXX";
    if (::mkdtemp(name) == nullptr) std::abort();
    folder_ = name;
    bench::write_stacked_model(path(), layers);
  }
  ~StackedModel() { std::filesystem::remove_all(folder_); }
  std::filesystem::path path() const { return folder_ / "model.onnx"; }

 private:
  std::filesystem::path folder_;
};

void inference(benchmark::State& state) {
  const StackedModel file(static_cast<int>(state.range(0)));
  const auto model = read_model(file.path());
  PayloadReader payloads(*model);
  const auto graph = build_graph(*model, payloads);
  for (auto _ : state) {
    const auto inferred = infer(*graph, {});
    if (!inferred) state.SkipWithError("not inferred");
  }
  state.counters["nodes"] = static_cast<double>(graph->nodes.size());
  state.SetComplexityN(static_cast<std::int64_t>(graph->nodes.size()));
}

void analysis(benchmark::State& state) {
  const StackedModel file(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    auto model = read_model(file.path());
    const auto analysed = analyse(*std::move(model), {});
    if (!analysed) state.SkipWithError("not analysed");
    state.counters["nodes"] = static_cast<double>(analysed->locked.graph.nodes.size());
  }
  state.SetComplexityN(static_cast<std::int64_t>(state.counters["nodes"].value));
}

// 145 layers make 10,000 nodes.
void sizes(benchmark::internal::Benchmark* b) {
  for (const int layers : {1, 2, 4, 8, 12, 20, 40, 80, 145}) b->Arg(layers);
  b->Unit(benchmark::kMillisecond)->Complexity(benchmark::oN);
}
BENCHMARK(inference)->Apply(sizes);
BENCHMARK(analysis)->Apply(sizes);

}  // namespace
}  // namespace permcrypt
