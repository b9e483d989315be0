#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "base/temp_folder.h"
#include "infer/one_node.h"
#include "permcrypt/infer.h"
#include "permcrypt/model.h"

using namespace permcrypt;
using namespace permcrypt::testing;

namespace {

// "x -> y": the state that the node's only pair of input and output carries; "" for none.
std::string cache_of(const std::string& line, int opset) {
  const test::TempFolder folder;
  const auto path = folder.write("model.onnx", parse_one_node(line, opset).model.SerializeAsString());
  const auto model = read_model(path);
  REQUIRE(model.has_value());
  PayloadReader payloads(*model);
  const auto graph = build_graph(*model, payloads);
  REQUIRE(graph.has_value());
  const auto pairs = find_caches(*graph);
  if (pairs.size() != 1) return "";
  return graph->values[pairs[0].past].name + " -> " + graph->values[pairs[0].present].name;
}

}  // namespace

TEST_CASE("caches: a present is computed of its past") {
  CHECK(cache_of("y = Concat(x:f[2,3,8,5], n:f[2,3,1,5]!) axis=2", 17) == "x -> y");
  CHECK(cache_of("y = ScatterND(x:f[2,3,5], i:i64[1,1]={1}!, n:f[1,3,5]!)", 17) == "x -> y");
  CHECK(cache_of("y = TensorScatter(x:f[2,3,8,5], n:f[2,3,4,5]!, p:i64[2]={0,3}!)", 24) == "x -> y");
  CHECK(cache_of("y = Add(x:f[2,3,8,5], n:f[2,3,8,5]!)", 17) == "");
}
