#include "infer/picture_size.h"

#include <algorithm>
#include <optional>

namespace permcrypt {
namespace {

constexpr std::int64_t kLargestSide = 4096;

// The names of height and width of the one picture input whose size is open.
std::optional<std::pair<std::string, std::string>> open_sides(const Workspace& ws) {
  std::optional<std::pair<std::string, std::string>> out;
  for (const ValueId id : ws.graph.bodies[0].inputs) {
    const Operand& x = ws.operands[id];
    if (!x.known || x.axes.size() != 4 || is_index_type(x.type)) continue;
    if (!x.axes[2].dynamic() || !x.axes[3].dynamic()) continue;
    const auto height = ws.dimension_of.find(x.axes[2].expr);
    const auto width = ws.dimension_of.find(x.axes[3].expr);
    if (height == ws.dimension_of.end() || width == ws.dimension_of.end() || out)
      return std::nullopt;
    out.emplace(height->second, width->second);
  }
  return out;
}

// A node at which a dynamic extent met a static one, and the static one.
std::optional<std::pair<NodeId, std::int64_t>> find_meeting(const Workspace& ws) {
  for (const Mismatch& m : ws.mismatches) {
    if (m.x.dynamic() != m.y.dynamic()) return std::pair(m.node, m.x.dynamic() ? m.y.a : m.x.a);
  }
  return std::nullopt;
}

// The extent that meets `wanted` at `node`: `wanted` itself when they agree.
std::optional<std::int64_t> extent_at(const Workspace& ws, NodeId node, std::int64_t wanted) {
  for (const Mismatch& m : ws.mismatches) {
    if (m.node != node) continue;
    if (m.x.dynamic() || m.y.dynamic()) return std::nullopt;
    if (m.x.a == wanted || m.y.a == wanted) return m.x.a == wanted ? m.y.a : m.x.a;
  }
  return wanted;
}

}  // namespace

std::unique_ptr<Workspace> with_picture_size(const Pass& pass, std::unique_ptr<Workspace> ws) {
  const auto sides = open_sides(*ws);
  const auto meeting = find_meeting(*ws);
  if (!sides || !meeting) return ws;
  const auto attempt = [&](std::int64_t side) {
    SizeAssumptions sizes = ws->dimensions.assumed();
    sizes.bound[sides->first] = sizes.bound[sides->second] = side;
    return pass(std::move(sizes));
  };
  // Extents grow with the side: the smallest one that reaches the static extent.
  std::int64_t low = 1, high = kLargestSide;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    const auto tried = attempt(middle);
    const auto extent = tried ? extent_at(*tried, meeting->first, meeting->second) : std::nullopt;
    if (extent.value_or(0) < meeting->second) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  auto found = attempt(low);
  const bool fits = found && found->mismatches.empty() &&
                    found->gave_up.size() <= ws->gave_up.size() &&
                    extent_at(*found, meeting->first, meeting->second) == meeting->second;
  return fits ? std::move(found) : std::move(ws);
}

}  // namespace permcrypt
