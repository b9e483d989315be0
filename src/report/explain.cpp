// Why an axis moves with which others, or why it does not, in sentences.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "base/quote.h"
#include "infer/plain_words.h"
#include "permcrypt/report.h"

namespace permcrypt {
namespace {

constexpr std::size_t kShown = 12;  // of a list of tensors or nodes

class Explanation {
 public:
  Explanation(Analysis& analysis, ValueId value)
      : graph_(analysis.locked.graph),
        axes_(analysis.locked.inference.axes),
        report_(report_analysis(analysis)),
        facts_(analysis.locked.inference.values[value]),
        tensor_(report_.tensors[graph_.stored(value)]) {}

  std::string text() {
    std::string out = fmt::format("{}: {} [{}]\n", in_quotes(tensor_.name), tensor_.type,
                                  fmt::join(tensor_.shape, ", "));
    if (!facts_.known) return out + "  stays: its shape could not be worked out\n";
    for (std::size_t k = 0; k < facts_.axes.size(); ++k) out += axis_text(k);
    if (facts_.coordinates != kNone) {
      out += "Its numbers are indices of an axis that moves, and are rewritten with it.\n";
    }
    return out;
  }

 private:
  std::string axis_text(std::size_t k) {
    const Axis& axis = facts_.axes[k];
    const AxisMap* map = k < tensor_.axes.size() ? &tensor_.axes[k] : nullptr;
    if (axis.unit()) return fmt::format("axis {}: a single index\n", k);
    if (!map || !map->moves()) {
      return fmt::format("axis {} ({}) stays.\n{}", k, axes_.size(axis.expr),
                         still_text(axis.expr));
    }
    std::string out =
        fmt::format("axis {} ({}) is permuted, as {}.\n", k, map->extent, to_string(*map));
    std::set<std::uint32_t> groups;
    collect(*map, groups);
    for (const std::uint32_t g : groups) out += group_text(g, k);
    out += still_text(axis.expr);
    return out + nodes_text(axis.expr);
  }

  static void collect(const AxisMap& map, std::set<std::uint32_t>& groups) {
    if (map.kind == AxisMap::Kind::kGroup) groups.insert(map.group);
    for (const AxisMap& part : map.parts) collect(part, groups);
  }

  std::string still_text(ExprId axis) {
    std::string out;
    std::set<std::string> said;
    for (const ExprId factor : axes_.factors(axis)) {
      if (axes_.is_free(factor) || axes_.size(factor) < 2) continue;
      std::string line = fmt::format("  {} of its indices stay in order: {}\n", axes_.size(factor),
                                     printable(in_plain_words(axes_.why(factor)), 1000));
      if (said.insert(line).second) out += line;
    }
    return out;
  }

  std::string group_text(std::uint32_t g, std::size_t k) const {
    const GroupReport& group = report_.groups[g];
    const std::string numberings =
        group.fibres == 1 ? "is one numbering; it moves"
                          : fmt::format(
                                "is {} numberings, one for each index of the group before "
                                "it; they move",
                                group.fibres);
    std::string out =
        fmt::format("  g{} ({}, {}) {} together with\n", g, group.role, group.size, numberings);
    std::vector<std::string> others;
    for (const auto& use : group.uses) {
      if (use.tensor == tensor_.name && use.axis == k) continue;
      others.push_back(fmt::format("axis {} of {}", use.axis, in_quotes(use.tensor)));
    }
    if (others.empty()) others.push_back("no other weight");
    return out + list(others);
  }

  // The nodes that made it what it is.
  std::string nodes_text(ExprId axis) const {
    std::vector<std::string> nodes;
    for (const std::uint32_t site : axes_.history(axis)) {
      if (site == 0 || site > graph_.nodes.size()) continue;
      const GraphNode& node = graph_.nodes[site - 1];
      std::string line = printable(node.op);
      if (node.proto && !node.proto->name().empty()) line += " " + in_quotes(node.proto->name());
      if (std::find(nodes.begin(), nodes.end(), line) == nodes.end()) nodes.push_back(line);
    }
    return nodes.empty() ? "" : "  because these operators need one numbering\n" + list(nodes);
  }

  static std::string list(const std::vector<std::string>& lines) {
    std::string out;
    for (std::size_t i = 0; i < std::min(kShown, lines.size()); ++i) {
      out += "    " + lines[i] + "\n";
    }
    if (lines.size() > kShown) out += fmt::format("    and {} more\n", lines.size() - kShown);
    return out;
  }

  const Graph& graph_;
  AxisStore& axes_;
  const Report report_;
  const ValueFacts& facts_;
  const TensorReport& tensor_;
};

}  // namespace

Result<std::string> explain_tensor(Analysis& analysis, std::string_view tensor) {
  const Graph& graph = analysis.locked.graph;
  for (ValueId value = 0; value < graph.values.size(); ++value) {
    if (!graph.values[value].is_constant()) continue;
    const Tensor& t = analysis.model->tensors[graph.stored(value)];
    if (t.scope + t.name == tensor) return Explanation(analysis, value).text();
  }
  return fail(ErrorKind::kUsage, "the model has no weight called " + in_quotes(tensor),
              "permcrypt inspect lists them");
}

}  // namespace permcrypt
