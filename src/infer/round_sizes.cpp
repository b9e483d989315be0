#include "infer/round_sizes.h"

namespace permcrypt {
namespace {

bool lost_shapes(const Workspace& ws) {
  return ws.misaligned > 0 || !ws.mismatches.empty() || !ws.gave_up.empty();
}

// Elements of constants, each as often as axes of its tensor are free.
double freedom(Workspace& ws) {
  double sum = 0;
  for (ValueId id = 0; id < ws.graph.values.size(); ++id) {
    if (!ws.graph.values[id].is_constant()) continue;
    double elements = 1;
    int free = 0;
    for (const Axis& axis : ws.operands[id].axes) {
      elements *= static_cast<double>(axis.a);
      free += ws.axes.any_free(axis.expr);
    }
    sum += elements * free;
  }
  return sum;
}

}  // namespace

std::unique_ptr<Workspace> with_round_sizes(const Pass& pass, std::unique_ptr<Workspace> ws) {
  if (!lost_shapes(*ws) || ws->dimensions.all().empty()) return ws;
  SizeAssumptions sizes = ws->dimensions.assumed();
  sizes.round = true;
  auto round = pass(std::move(sizes));
  if (!round || freedom(*round) <= freedom(*ws)) return ws;
  round->note("sizes left open are taken to be whole multiples of the windows that divide them");
  return round;
}

}  // namespace permcrypt
