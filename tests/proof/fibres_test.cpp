// Orders that depend on the position on another axis.
#include <doctest/doctest.h>
#include <onnx/onnx_pb.h>

#include <vector>

#include "proof/definitions.h"
#include "proof/orders.h"

namespace permcrypt::proof {
namespace {

// Three heads of four parts, and as many parts in an order of their own for each head.
struct Setting {
  Graph graph;
  Store store{graph};
  Terms& t = store.terms;
  Orders& o = store.orders;
  const Index heads = {2, 0, 1};
  const std::vector<Index> parts = {{1, 3, 0, 2}, {0, 1, 3, 2}, {2, 3, 1, 0}};

  TermId n(std::int64_t value) { return t.constant(value); }
  Axis axis(Index order) {
    const TermId extent = n(static_cast<std::int64_t>(order.size()));
    return {extent, o.of(std::move(order)), kDistinct};
  }
  Axis merged() {
    Index out;
    for (const std::uint32_t h : heads) {
      for (const std::uint32_t j : parts[h]) out.push_back(h * 4 + j);
    }
    return axis(std::move(out));
  }
  std::vector<Axis> apart() { return o.regroup(std::vector{merged()}, std::vector{n(3), n(4)}); }
  Axis lead() { return apart()[0]; }
  Axis part() { return apart()[1]; }
  std::vector<Axis> regroup(const std::vector<Axis>& from, const std::vector<TermId>& to) {
    return o.regroup(from, to);
  }

  // The result axes of a node.
  Axes define(const std::string& op, const std::vector<Axes>& operands, std::int64_t axis = -1) {
    onnx::NodeProto proto;
    auto& a = *proto.add_attribute();
    a.set_name("axis");
    a.set_i(axis);
    a.set_type(onnx::AttributeProto::INT);
    GraphNode node;
    node.op = TextRef(op);
    node.opset = 17;
    node.proto = &proto;
    node.outputs = {0};
    std::vector<Claim> claims;
    for (const Axes& axes : operands) {
      claims.emplace_back();
      claims.back().axes = axes;
      claims.back().type = onnx::TensorProto::FLOAT;
      node.inputs.push_back(kNone);
    }
    std::vector<const Claim*> pointers;
    for (const Claim& claim : claims) pointers.push_back(&claim);
    return *proof::define(store, node, pointers).at(0).axes;
  }
};

TEST_CASE("proof fibres: an axis comes apart, and together again") {
  Setting s;
  const auto apart = s.apart();
  CHECK(apart[0].order == s.o.of(s.heads));
  CHECK(apart[0].leads);
  CHECK(s.o.is_fibred(apart[1].order));
  CHECK(s.regroup(apart, {s.n(12)})[0].order == s.merged().order);
  CHECK(!s.regroup(apart, {s.n(12)})[0].leads);
  // A product is one as before.
  const Axis product = s.axis(times(s.heads, s.parts[0]));
  CHECK(!s.o.is_fibred(s.regroup({product}, {s.n(3), s.n(4)})[1].order));
  CHECK_THROWS_AS(s.regroup({s.merged()}, {s.n(4), s.n(3)}), Contradiction);
  // Parts in front of the heads that they depend on.
  CHECK_THROWS_AS(s.regroup({apart[1], apart[0]}, {s.n(12)}), NotUnderstood);
}

TEST_CASE("proof fibres: the leading axis may be joined with others") {
  Setting s;
  const TermId batch = s.t.dimension("b"), rows = s.t.dimension("s");
  const std::vector<Axis> split = {{batch}, s.lead(), {rows}, s.part()};
  const TermId merged = s.t.multiply(batch, s.n(3));
  const auto joined = s.regroup(split, {merged, rows, s.n(4)});
  CHECK(joined[0].leads);
  CHECK(joined[2].order == s.part().order);
  const auto back = s.regroup(joined, {batch, s.n(3), rows, s.n(4)});
  CHECK(!back[0].leads);
  CHECK(back[1].leads);
  CHECK(back[1].order == s.lead().order);
  CHECK(back[3].order == s.part().order);
  const auto flat =
      s.regroup({{s.t.multiply(batch, s.n(3)), joined[0].order, kDistinct, true}, s.part()},
                {batch, s.n(12)});
  CHECK(flat[1].order == s.merged().order);
  // Of a pair of a head and something else, the head alone counts.
  const auto pairs = s.regroup({s.lead(), {s.n(2)}, {rows}, s.part()}, {s.n(6), rows, s.n(4)});
  CHECK(pairs[0].leads);
  CHECK(pairs[2].order == s.o.repeat_fibres(s.part().order, 2));
  const auto again = s.regroup(pairs, {s.n(3), s.n(2), rows, s.n(4)});
  CHECK(again[0].leads);
  CHECK(!again[1].leads);
  CHECK(again[3].order == s.part().order);
  CHECK_THROWS_AS(s.regroup({s.lead(), {rows}, s.part()}, {s.t.multiply(s.n(3), rows), s.n(4)}),
                  NotUnderstood);
}

TEST_CASE("proof fibres: an order that depends on a head may come apart") {
  Setting s;
  const Axis plain{s.n(2)};
  const TermId rows = s.t.dimension("s");
  const auto wider = s.regroup({s.lead(), {rows}, plain, s.part()}, {s.n(3), rows, s.n(8)});
  CHECK(wider[0].leads);
  CHECK(s.o.is_fibred(wider[2].order));
  const auto back = s.regroup(wider, {s.n(3), rows, s.n(2), s.n(4)});
  CHECK(back[2].order == kPlain);
  CHECK(back[3].order == s.part().order);
}

TEST_CASE("proof fibres: queries that share a head of keys") {
  Setting s;
  const Axis group = s.axis({1, 0});
  const TermId rows = s.t.dimension("s");
  const std::vector<Axis> keys = {s.lead(), {s.n(2), kPlain, kAllSame}, {rows}, s.part()};
  const auto repeated = s.regroup(keys, {s.n(6), rows, s.n(4)});
  const auto queries = s.regroup({s.lead(), group, {rows}, s.part()}, {s.n(6), rows, s.n(4)});
  CHECK(queries[0].order != repeated[0].order);
  CHECK(queries[2].order == repeated[2].order);
  const Axes transposed = {repeated[0], repeated[2], repeated[1]};
  CHECK(s.define("MatMul", {queries, transposed})[0].order == queries[0].order);
  // Keys of another head are in another order.
  const Axes others = {s.axis(times({1, 0, 2}, {0, 1})), queries[1], queries[2]};
  CHECK_THROWS(s.define("MatMul", {others, transposed}));
}

TEST_CASE("proof fibres: products") {
  Setting s;
  const Axis rows{s.t.dimension("s")}, columns{s.t.dimension("t")};
  const Axes values = {s.lead(), rows, s.part()}, keys = {s.lead(), s.part(), columns};
  const Axes scores = s.define("MatMul", {values, keys});
  CHECK(scores[0].order == s.lead().order);
  CHECK(!scores[0].leads);
  const Axes mixed = s.define("MatMul", {{s.lead(), columns, rows}, values});
  CHECK(mixed[0].leads);
  CHECK(mixed[2].order == s.part().order);
  // A head of the one with all heads of the other.
  const Axes flat = {rows, s.part(), s.lead()};
  CHECK_THROWS_AS(s.define("MatMul", {values, flat}), NotUnderstood);
  // Over the heads, while parts are left.
  CHECK_THROWS_AS(s.define("MatMul", {{s.part(), s.lead()}, {s.axis(s.heads), columns}}),
                  NotUnderstood);
  // Parts that are in the same order in all heads.
  const Axes plain = {s.axis(s.heads), s.axis(s.parts[0]), columns};
  CHECK_THROWS_AS(s.define("MatMul", {values, plain}), Contradiction);
}

TEST_CASE("proof fibres: elements meet") {
  Setting s;
  const Axis rows{s.t.dimension("s")};
  const Axes x = {s.lead(), rows, s.part()}, unit = {{s.n(1)}, {s.n(1)}, {s.n(1)}};
  for (const Axes& y : {x, unit, Axes{s.axis(s.heads), rows, {s.n(1)}}}) {
    const Axes sum = s.define("Add", {x, y});
    CHECK(sum[0].leads);
    CHECK(sum[2].order == s.part().order);
  }
  CHECK_THROWS_AS(s.define("Add", {x, Axes{s.axis(s.parts[0])}}), Contradiction);
  CHECK_THROWS_AS(s.define("Add", {{s.lead(), {s.n(1)}, s.part()}, {{s.n(1)}, s.lead(), s.part()}}),
                  NotUnderstood);
}

TEST_CASE("proof fibres: what is normalised together") {
  Setting s;
  const Axis rows{s.t.dimension("s")};
  const Axes x = {rows, s.lead(), s.part()};
  CHECK(s.define("Softmax", {x})[1].leads);
  CHECK(s.define("Softmax", {x}, 0)[1].leads);
  CHECK_THROWS_AS(s.define("Softmax", {x}, 1), Contradiction);
  CHECK(s.define("LayerNormalization", {x}, 1)[1].leads);
  const Axes turned = {rows, s.part(), s.lead()};
  CHECK_THROWS_AS(s.define("LayerNormalization", {turned}, 2), Contradiction);
  const Axes pictures = {rows, s.lead(), s.part()}, heads = {s.axis(s.heads)};
  CHECK(s.define("InstanceNormalization", {pictures, heads, heads})[2].order == s.part().order);
  CHECK_THROWS_AS(s.define("InstanceNormalization", {pictures, {s.axis({1, 0, 2})}, heads}),
                  Contradiction);
  const Axes across = {s.part(), rows, s.lead()}, each_row = {rows};
  CHECK_THROWS_AS(s.define("InstanceNormalization", {across, each_row, each_row}), Contradiction);
  // What no definition is known to handle.
  CHECK_THROWS_AS(s.define("CumSum", {x}, 0), NotUnderstood);
  CHECK_THROWS_AS(s.define("LpNormalization", {x}, 2), NotUnderstood);
}

}  // namespace
}  // namespace permcrypt::proof
