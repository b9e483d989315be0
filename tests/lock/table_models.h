// Models that read a table of positions, and what becomes of its locks.
#pragma once

#include <doctest/doctest.h>
#include <onnx/defs/parser.h>

#include <algorithm>
#include <string>

#include "infer/text_model.h"
#include "write/locked_file.h"

namespace permcrypt::test {

// x + p[0:n], through `hidden` hidden units.
inline onnx::ModelProto encoder(int rows, int hidden,
                                const std::string& read = "Slice(p, zero, n, zero)") {
  const std::string r = std::to_string(rows), h = std::to_string(hidden);
  return testing::text_model("encoder (float[b,n,8] x) => (float[b,n,8] y)\n<float[" + r +
                             ",8] p, float[8," + h + "] up, float[" + h + R"(,8] down>
{ d = Shape(x)  zero = Constant <value = int64[1] {0}> ()  one = Constant <value = int64[1] {1}> ()
  n = Gather(d, one)  rows = )" +
                             read + R"(
  e = Add(x, rows)  a = MatMul(e, up)  r = Relu(a)  y = MatMul(r, down) })");
}

// The same with a Gather in a function, where no lock can stand on the positions.
inline onnx::ModelProto called(const std::string& places) {
  onnx::ModelProto model = testing::text_model(R"(
encoder (float[n,8] x, int64[n] ids) => (float[n,8] y)
<float[40,8] p, float[8,96] up, float[96,8] down>
{ d = Shape(x)  first = Constant <value = int64 {0}> ()  step = Constant <value = int64 {1}> ()
  n = Gather(d, first)  counted = Range(first, n, step)  rows = Identity(p)
  e = Add(x, rows)  a = MatMul(e, up)  r = Relu(a)  y = MatMul(r, down) })");
  for (auto& node : *model.mutable_graph()->mutable_node()) {
    if (node.op_type() != "Identity") continue;
    node.set_op_type("look_up");
    node.set_domain("local");
    node.add_input(places);
  }
  onnx::OnnxParser parser(R"(<domain: "local", opset_import: ["" : 17]>
look_up (table, at) => (rows) { rows = Gather(table, at) })");
  REQUIRE(parser.Parse(*model.add_functions()).IsOK());
  auto& import = *model.add_opset_import();
  import.set_domain("local");
  import.set_version(1);
  return model;
}

// Of the value of this name: how many locks it has, and whether all of its axes move. Of the whole:
// how many notes there are.
struct Placed {
  Placed(const onnx::ModelProto& model, const std::string& name, LockOptions options = {}) {
    const LockedFile file(model);
    auto locked = place_locks(file.graph(), options);
    REQUIRE(locked.has_value());
    const ValueId v = file.value(name);
    locks = std::ranges::count(locked->locks, v, &LockSite::value);
    notes = locked->notes.size();
    moves = std::ranges::all_of(locked->inference.values[v].axes, [&](const Axis& axis) {
      return axis.unit() || locked->inference.axes.any_free(axis.expr);
    });
  }
  std::ptrdiff_t locks = 0;
  std::size_t notes = 0;
  bool moves = false;
};

}  // namespace permcrypt::test
