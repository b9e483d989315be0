// Matrices and tables whose numbers are packed into bytes and quantised in blocks. Their operands
// are seen through the views of packed_views.h; without a view the rules give up.
#include <numeric>

#include "infer/registry.h"
#include "infer/rules/quantised.h"

namespace permcrypt {
namespace {

// The operand's axes, which must have this many extents, none dynamic.
const std::vector<Axis>& packed(RuleCall& c, std::size_t k, std::size_t rank) {
  const auto& axes = c.in(k).axes;
  if (axes.size() != rank) c.give_up("packed operand " + std::to_string(k) + " of unlike shape");
  for (const Axis& axis : axes) {
    if (axis.dynamic()) c.give_up("packed operand of dynamic extent");
  }
  return axes;
}

bool has_view(const RuleCall& c, std::size_t k) {
  return c.has(k) && c.ws.views.contains(c.node.inputs[k]);
}

void require(const RuleCall& c, const Axis& axis, std::int64_t extent) {
  if (axis.a != extent || axis.dynamic()) c.give_up("packed operand of unlike extent");
}

// Scales or zero points [N, blocks].
void per_block(RuleCall& c, std::size_t k, const Axis& rows, const Axis& blocks) {
  const auto& p = packed(c, k, 2);
  c.unify(p[0], rows);
  c.unify(p[1], blocks);
}

// A [.., k] x B: the numbers that share a byte keep their order in it.
void contract(RuleCall& c, const Axis& k, const Axis& stored, std::int64_t in_a_byte) {
  const Axis inner = c.free(stored.a * in_a_byte);
  c.unify(k, inner, true);
  c.align({inner}, {stored, c.fixed(in_a_byte, "numbers packed into one byte")});
}

std::vector<Axis> with_last(std::vector<Axis> axes, const Axis& last) {
  if (axes.empty()) axes.emplace_back();
  axes.back() = last;
  return axes;
}

// A, B, scales, zero points, group indices, bias
void matmul_nbits(RuleCall& c) {
  c.at_most(6);
  const std::int64_t bits = c.attr("bits", 4), size = c.attr("block_size", 0);
  const std::int64_t in_a_byte = bits == 2 ? 4 : 1;  // below what a view can tell apart
  if (!has_view(c, 1) || size % in_a_byte != 0) c.give_up("packed layout not handled");
  const auto& a = c.in(0).axes;
  const auto& b = packed(c, 1, 2);
  if (a.empty()) c.give_up("scalar operand");
  require(c, b[0], c.attr("N", 0));
  const Axis& blocks = packed(c, 2, 2)[1];
  quantise_in_blocks(c, b[1], blocks, size / in_a_byte);
  contract(c, a.back(), b[1], in_a_byte);
  for (const std::size_t k : {2, 3}) {
    if (c.has(k)) per_block(c, k, b[0], blocks);
  }
  if (c.has(4)) {  // group indices say which block an index of K belongs to
    for (const Axis& axis : {b[1], blocks}) c.pin(axis, "group indices of MatMulNBits");
    c.pin(c.in(4), "group indices of MatMulNBits");
  }
  c.per_index(c.optional(5), b[0]);
  c.out(0, with_last(a, b[0]), c.in(0).type);
}

// B is N x K, two numbers to a byte, quantised in blocks that run on from row to row. With g rows
// per run of blocks and d = gcd(K, block): K = (K/d) x d, N = (N/g) x g.
struct RunningBlocks {
  std::int64_t size, columns, common, rows;  // block, K, d, g
};

// What of B [N, K/2] and the scales moves so that every block stays together.
void keep_blocks(RuleCall& c, const std::vector<Axis>& b, Operand& scales, const RunningBlocks& q) {
  const auto column_blocks = [&](const Axis& outer) {
    c.align({b[1]}, {outer, c.free(q.common / 2)});
  };
  if (q.common == q.size) {  // blocks within a row: scales [N, K/block]
    if (scales.axes.size() != 2) c.give_up("scales of unlike shape");
    c.unify(scales.axes[0], b[0]);
    return column_blocks(scales.axes[1]);
  }
  if (scales.axes.size() != 1) c.give_up("scales of unlike shape");
  const bool within_rows = q.common == q.columns;  // whole rows in each block
  column_blocks(within_rows ? c.unit() : c.fixed(q.columns / q.common, "blocks run over rows"));
  if (b[0].a % q.rows != 0) {
    c.pin(b[0], "blocks run over rows");
    return c.pin(scales, "blocks run over rows");
  }
  const Axis runs = c.free(b[0].a / q.rows);
  c.align({b[0]}, {runs, within_rows ? c.free(q.rows) : c.fixed(q.rows, "blocks run over rows")});
  c.align({scales.axes[0]}, {runs, c.fixed(q.rows * q.columns / q.size, "blocks run over rows")});
}

// A [.., K], B, scales; A [.., N] when B is not transposed.
void matmul_bnb4(RuleCall& c) {
  c.at_most(3);
  const std::int64_t size = c.attr("block_size", 0), columns = c.attr("K", 0);
  if (!has_view(c, 1) || size < 2 || size % 2 != 0) c.give_up("packed layout not handled");
  const auto& a = c.in(0).axes;
  const auto& b = packed(c, 1, 2);
  if (a.empty()) c.give_up("scalar operand");
  require(c, b[0], c.attr("N", 0));
  require(c, b[1], columns / 2);
  const std::int64_t common = std::gcd(columns, size);
  keep_blocks(c, b, c.in(2), {size, columns, common, size / common});
  const Axis k = c.product({b[1], c.fixed(2, "numbers packed into one byte")});
  const bool transposed = c.attr("transB", 1) != 0;
  c.unify(a.back(), transposed ? k : b[0], true);
  c.out(0, with_last(a, transposed ? b[0] : k), c.in(0).type);
}

// Bytes may hold several numbers of the table: 4 bits are seen through a view.
void require_table(RuleCall& c, const Operand& table) {
  const std::int64_t bits = table.type == onnx::TensorProto::UINT8 ? c.attr("bits", 4) : 8;
  if (bits != 8 && !(bits == 4 && has_view(c, 0))) c.give_up("packed layout not handled");
}

// data, ids, scales, zero points
void gather_block_quantized(RuleCall& c) {
  c.at_most(4);
  Operand &table = c.in(0), &ids = c.in(1);
  const int rank = c.rank(0);
  require_table(c, table);
  const auto gathered = static_cast<std::size_t>(c.attr_axis("gather_axis", 0, rank));
  const auto blocked = static_cast<std::size_t>(c.attr_axis("quantize_axis", 1, rank));
  if (gathered == blocked) c.give_up("gathers along the blocks");
  for (const std::size_t k : {2, 3}) {
    if (!c.has(k)) continue;
    const auto& p = packed(c, k, table.axes.size());
    for (std::size_t i = 0; i < p.size(); ++i) {
      if (i == blocked) {
        quantise_in_blocks(c, table.axes[i], p[i], c.attr("block_size", 128));
      } else {
        c.unify(p[i], table.axes[i]);
      }
    }
  }
  if (ids.label == kNone) {
    c.pin(table.axes[gathered], "indexed by computed values");
  } else {
    c.labels.attach(ids.label, table.axes[gathered]);
  }
  std::vector<Axis> out = table.axes;
  const auto at = out.erase(out.begin() + static_cast<std::ptrdiff_t>(gathered));
  out.insert(at, ids.axes.begin(), ids.axes.end());
  c.out(0, std::move(out), c.in(2).type);
}

constexpr auto kMs = "com.microsoft";

const OpRule kRules[] = {
    {kMs, "MatMulNBits", 1, kAnyOpset, "([..,b*f],[n,b*f],[n,b],[n,b],_,[n])->([..,n])",
     matmul_nbits},
    {kMs, "MatMulBnb4", 1, kAnyOpset, "([..,b*f*!2],[n,b*f*!2],[n,b])->([..,n])", matmul_bnb4},
    {kMs, "GatherBlockQuantized", 1, kAnyOpset, "([v,b*f], ids[i]=v, [v,b],[v,b])->([i,b*f])",
     gather_block_quantized, true},
};

}  // namespace

std::span<const OpRule> block_weight_rules() { return kRules; }

}  // namespace permcrypt
