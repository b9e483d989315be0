#include "infer/packed_views.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/temp_folder.h"
#include "infer/one_node.h"

using namespace permcrypt;
using namespace permcrypt::testing;

namespace {

// "name bits shape stride" of each view, in the order of the values.
std::vector<std::string> views_of(const onnx::ModelProto& proto) {
  const test::TempFolder folder;
  const Model model = read_model(folder.write("model.onnx", proto.SerializeAsString())).value();
  PayloadReader payloads(model);
  const Graph graph = build_graph(model, payloads).value();
  const InferOptions options;
  std::vector<std::string> out;
  for (const auto& [id, view] : find_packed_views(Workspace(graph, options, {}))) {
    std::string text = graph.values[id].name + " " + std::to_string(view.bits) + " ";
    for (const std::int64_t extent : view.shape) text += std::to_string(extent) + ",";
    out.push_back(text + " " + std::to_string(view.row_stride));
  }
  return out;
}

std::vector<std::string> views_of(std::string_view line) {
  return views_of(parse_one_node(line, 17).model);
}

const std::string kRagged =
    "y = com.microsoft.MatMulNBits(a:f[3,40], b:u8[6,3,8]!, s:p[18]!, z:u8[6,2]!) "
    "K=40 N=6 bits=4 block_size=16";

using Views = std::vector<std::string>;

}  // namespace

TEST_CASE("packed views: a short last block leaves its padding out") {
  CHECK(views_of(kRagged) == Views{"b 4 6,40, 48", "s 32 6,3, 3", "z 4 6,3, 4"});
}

TEST_CASE("packed views: what is plain stays plain") {
  CHECK(views_of("y = com.microsoft.MatMulNBits(a:f[3,32], b:u8[6,2,16]!, s:p[6,2]!) "
                 "K=32 N=6 bits=8 block_size=16") == Views{"b 8 6,32, 32"});
  CHECK(views_of("y = MatMul(a:f[3,4], b:f[4,5]!)").empty());
}

TEST_CASE("packed views: pairs in the high half first are seen as bytes") {
  CHECK(views_of("y = com.microsoft.MatMulBnb4(a:f[3,32], b:u8[96]!, s:p[12]!) "
                 "K=32 N=6 block_size=16 quant_type=1") == Views{"b 8 6,16, 16", "s 32 6,2, 2"});
}

TEST_CASE("packed views: attributes that do not fit the payload ask for nothing") {
  for (const char* attributes : {"K=40 N=7 bits=4 block_size=16", "K=4000 N=6 bits=4 block_size=16",
                                 "K=40 N=6 bits=3 block_size=16", "K=40 N=6 bits=4 block_size=0",
                                 "K=9223372036854775807 N=9223372036854775807 bits=4 block_size=16",
                                 "K=40 N=6 bits=4 block_size=16 weight_prepacked=1"}) {
    CAPTURE(std::string(attributes));
    CHECK(views_of("y = com.microsoft.MatMulNBits(a:f[3,40], b:u8[6,3,8]!, s:p[6,3]!) " +
                   std::string(attributes))
              .empty());
  }
}

TEST_CASE("packed views: a constant used in two ways has none") {
  onnx::ModelProto model = parse_one_node(kRagged, 17).model;
  auto& graph = *model.mutable_graph();
  SUBCASE("as data") {
    auto& node = *graph.add_node();
    node.set_op_type("Identity");
    node.add_input("b");
    node.add_output("copy");
  }
  SUBCASE("as an output") { graph.add_output()->set_name("b"); }
  SUBCASE("in another layout") {
    auto& node = *graph.add_node();
    node = graph.node(0);
    node.set_output(0, "other");
    for (auto& attribute : *node.mutable_attribute()) {
      if (attribute.name() == "K") attribute.set_i(41);
    }
  }
  const Views views = views_of(model);
  for (const std::string& view : views) CHECK(view.substr(0, 2) != "b ");
}

TEST_CASE("packed views: the same view twice is one") {
  onnx::ModelProto model = parse_one_node(kRagged, 17).model;
  auto& node = *model.mutable_graph()->add_node();
  node = model.graph().node(0);
  node.set_output(0, "other");
  CHECK(views_of(model).size() == 3);
}
