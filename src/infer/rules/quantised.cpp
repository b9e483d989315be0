#include "infer/rules/quantised.h"

namespace permcrypt {

void quantise_in_blocks(RuleCall& c, const Axis& elements, const Axis& blocks, std::int64_t size) {
  if (size < 1 || elements.dynamic() || blocks.dynamic()) c.give_up("blocks of unknown size");
  const std::int64_t whole = elements.a / size, rest = elements.a % size;
  if (blocks.a != whole + (rest ? 1 : 0)) c.give_up("block count differs");
  if (whole == 0 || elements.a == 0) return;  // one short block: its parameter does not move
  if (rest == 0) return c.align({elements}, {blocks, c.free(size)});
  const Axis block = c.free(whole);
  c.unify(blocks, c.sum({block, c.unit()}));
  c.unify(elements, c.sum({c.product({block, c.free(size)}), c.free(rest)}));
}

namespace {

void per_index_of(RuleCall& c, Operand* p, const std::vector<Axis>& matrix, std::size_t from_end) {
  if (!p) return;
  if (matrix.size() < from_end) return c.per_index(p, c.unit());
  const std::size_t kept = matrix.size() - from_end;
  if (p->axes.size() < 2) return c.per_index(p, matrix[kept]);
  if (p->axes.size() != matrix.size()) c.give_up("parameter of unlike rank");
  const std::size_t contracted = matrix.size() - (from_end == 1 ? 2 : 1);
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    if (p->axes[i].unit()) continue;
    if (i == contracted) c.give_up("parameter along the contraction");
    c.unify(p->axes[i], matrix[i]);
  }
}

}  // namespace

void per_column(RuleCall& c, Operand* parameter, const std::vector<Axis>& matrix) {
  per_index_of(c, parameter, matrix, matrix.size() < 2 ? matrix.size() + 1 : 1);
}

void per_row(RuleCall& c, Operand* parameter, const std::vector<Axis>& matrix) {
  per_index_of(c, parameter, matrix, matrix.size() < 2 ? matrix.size() + 1 : 2);
}

}  // namespace permcrypt
