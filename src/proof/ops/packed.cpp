// Weights in blocks of a few bits, each with a scale.
#include "proof/ops/indices.h"

namespace permcrypt::proof {
namespace {

// A packed constant as an array of its elements; any other one as it is.
const Axes& elements(const Step& s, std::size_t k) {
  const Claim& c = s.claim(k);
  if (!c.axes || c.code != kPlain || c.joint) throw NotUnderstood{"an operand of unknown shape"};
  return *c.axes;
}

bool is_packed(const Step& s, std::size_t k) { return s.claim(k).packed_bits != 0; }

// Something for each block of each row: rows x blocks, or what bytes they take.
void fit_blocks(const Step& s, std::size_t k, const Axis& rows, const Axis& blocks) {
  if (!s.has(k)) return;
  const Axes& x = elements(s, k);
  const Axis all = s.product(x);
  const auto each = s.terms.divide_exactly(all.extent, rows.extent);
  if (!each) throw NotUnderstood{"blocks that do not divide"};
  const auto [row, rest] = s.divide(all, rows.extent, *each);
  s.orders.meet(row, rows);
  if (*each == blocks.extent) {
    s.orders.meet(rest, blocks);
  } else {
    s.in_order(rest);
    s.in_order(blocks);
  }
}

// K elements of a row lie in blocks of one size; the last one may be padded.
Axis fit_rows(const Step& s, const Axis& k, const Axes& w, std::int64_t size) {
  if (is_packed(s, 1) && w.size() == 2) {
    const auto together = s.terms.divide_exactly(k.extent, w[1].extent);
    if (!together) throw NotUnderstood{"weights of another extent"};
    const auto [unit, place] = s.divide(k, w[1].extent, *together);  // several to a byte
    s.orders.meet(unit, w[1]);
    s.in_order(place);
    return s.orders.runs(k, size);
  }
  if (w.size() != 3) throw NotUnderstood{"weights of another rank"};
  const TermId block_size = s.terms.constant(size);
  if (s.terms.multiply(w[1].extent, block_size) != k.extent) {
    for (const Axis& axis : {k, w[1], w[2]}) s.in_order(axis);
    return w[1];
  }
  const auto [block, place] = s.divide(k, w[1].extent, block_size);
  s.orders.meet(block, w[1]);
  if (is_packed(s, 1)) {
    s.equal_extents(place, w[2]);
  } else {
    s.in_order(w[2]);
    s.in_order(place);
  }
  return w[1];
}

// x[.., K], weights[N, blocks, bytes], scales, zero points, group index, bias
void matmul_nbits(Step& s) {
  const Axes &x = s.axes(0), &w = elements(s, 1);
  if (x.empty() || w.empty()) throw NotUnderstood{"operands of another rank"};
  s.must_be_plain(4);
  if (s.has(4)) s.in_order(x.back());
  const bool open = x.back().order == kPlain && !s.terms.value(x.back().extent);
  const Axis blocks =
      fit_rows(s, open ? s.counted(s.attr("K", 0)) : x.back(), w, s.attr("block_size", 0));
  fit_blocks(s, 2, w[0], blocks);
  fit_blocks(s, 3, w[0], blocks);
  s.per_index(5, w[0]);
  Axes out = x;
  out.back() = w[0];
  s.out(0, std::move(out), s.type(0));
}

// x[.., K], weights, largest of each block. As stored, blocks run on through the rows.
void matmul_bnb4(Step& s) {
  Axes out = s.axes(0);
  Axis rows = s.counted(s.attr("N", 0));
  if (out.empty()) throw NotUnderstood{"operands of another rank"};
  if (is_packed(s, 1)) {
    const Axes& w = elements(s, 1);
    rows = w.at(0);
    const Axis blocks = fit_rows(s, out.back(), w, s.attr("block_size", 0));
    fit_blocks(s, 2, rows, blocks);
  } else {
    s.must_be_plain(1);
    s.must_be_plain(2);
    s.in_order(out.back());
  }
  out.back() = rows;
  s.out(0, std::move(out), s.type(0));
}

// data, indices, scales, zero points
void gather_blocks(Step& s) {
  const Axes& x = elements(s, 0);
  const std::size_t k = s.axis(s.attr("gather_axis", 0), x.size()),
                    blocked = s.axis(s.attr("quantize_axis", 1), x.size());
  if (k == blocked) throw NotUnderstood{"picks from blocks"};
  const Axes& scales = s.axes(2);
  if (scales.size() != x.size()) throw NotUnderstood{"scales of another rank"};
  // Bytes may hold several elements each, and are then no elements.
  const bool each =
      is_packed(s, 0) || s.type(0) != onnx::TensorProto::UINT8 || s.attr("bits", 4) == 8;
  Axes out;
  for (std::size_t i = 0; i < x.size(); ++i) {
    Axis axis = x[i];
    if (i == blocked) {
      const std::int64_t size = s.attr("block_size", 128);
      const TermId whole = s.terms.multiply(scales[i].extent, s.terms.constant(size));
      if (whole == axis.extent || each) {
        s.equal_extents(s.orders.runs(axis, size), scales[i]);
      } else {
        s.in_order(scales[i]);
        s.in_order(axis);
        // Several elements to a byte: as many as the scales are for.
        axis = s.plain(whole);
      }
    } else {
      s.equal_extents(axis, scales[i]);
    }
    if (i == k) {
      const Axes middle = picked(s, 1, axis);
      out.insert(out.end(), middle.begin(), middle.end());
    } else {
      out.push_back(axis);
    }
  }
  if (s.has(3)) {
    const Axes& zeros = elements(s, 3);
    for (std::size_t i = 0; i < zeros.size() && i < scales.size(); ++i) {
      if (zeros[i].extent == scales[i].extent) {
        s.orders.meet(zeros[i], scales[i]);
      } else {
        s.in_order(zeros[i]);
        s.in_order(scales[i]);
      }
    }
  }
  s.out(0, std::move(out), s.type(2));
}

const Entry kEntries[] = {
    {"com.microsoft", "MatMulNBits", matmul_nbits},
    {"com.microsoft", "MatMulBnb4", matmul_bnb4},
    {"com.microsoft", "GatherBlockQuantized", gather_blocks},
};

}  // namespace

std::span<const Entry> packed_definitions() { return kEntries; }

}  // namespace permcrypt::proof
