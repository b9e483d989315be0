// The report for people.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "base/quote.h"
#include "permcrypt/report.h"

namespace permcrypt {
namespace {

constexpr double kSeedBits = 256;
constexpr std::size_t kLine = 1000;  // of text that may hold names from the model

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::pair<double, const char*> kUnits[] = {{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}};
  for (const auto& [unit, name] : kUnits) {
    if (static_cast<double>(bytes) >= unit) {
      return fmt::format("{:.1f} {}", static_cast<double>(bytes) / unit, name);
    }
  }
  return fmt::format("{} bytes", bytes);
}

std::string percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

std::string shape_line(const std::vector<std::int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

std::string axes_line(const std::vector<AxisMap>& axes) {
  std::vector<std::string> parts;
  for (const AxisMap& axis : axes) parts.push_back(to_string(axis));
  return fmt::format("[{}]", fmt::join(parts, ", "));
}

std::string coverage_lines(const Report& report) {
  const Coverage& c = report.coverage;
  std::size_t weights = 0, moved = 0;
  for (const TensorReport& tensor : report.tensors) {
    weights += tensor.counts;
    moved += tensor.counts && tensor.protection != Protection::kNone;
  }
  std::string out = fmt::format("weights    {}, in {} tensors, {} of them permuted\n",
                                bytes_text(c.weight_bytes), weights, moved);
  out += fmt::format("protected  {} on both axes, {} on one, {} on none\n", percent(c.both),
                     percent(c.one), percent(c.none));
  if (c.kernels > 0) {
    out +=
        fmt::format("           {} on one are kernels: their channels move, their space cannot\n",
                    percent(c.kernels));
  }
  return out;
}

// "1 residual x 768, 12 head_dim x 64 (12 fibres each)", the largest first.
std::string group_line(const Report& report) {
  using Kind = std::tuple<std::uint64_t, std::string, std::uint64_t>;  // size, role, fibres
  const auto larger = [](const Kind& x, const Kind& y) {
    return std::get<0>(x) != std::get<0>(y) ? std::get<0>(x) > std::get<0>(y) : x < y;
  };
  std::map<Kind, int, decltype(larger)> counts(larger);
  int groups = 0;
  for (const GroupReport& group : report.groups) {
    if (!group.free) continue;
    ++groups;
    ++counts[{group.size, group.role, group.fibres}];
  }
  constexpr std::size_t kShown = 8;
  std::vector<std::string> parts;
  for (const auto& [kind, count] : counts) {
    const auto& [size, role, fibres] = kind;
    if (parts.size() == kShown) {
      parts.push_back("...");
      break;
    }
    parts.push_back(fmt::format("{} {} x {}", count, role, size));
    if (fibres > 1) parts.back() += fmt::format(" ({} fibres each)", fibres);
  }
  return fmt::format("groups     {}: {}\n", groups, fmt::join(parts, ", "));
}

std::string place_text(const LockReport& lock) {
  if (lock.kind == LockKind::kIndex) return "ids";
  if (lock.axes == 1) return fmt::format("axis {}", lock.axis);
  return fmt::format("axes {} to {}", lock.axis, lock.axis + lock.axes - 1);
}

std::string lock_lines(const Report& report) {
  std::string out = fmt::format("locks      {}\n", report.locks.size());
  for (const LockReport& lock : report.locks) {
    out += fmt::format("           {:<8} {} of {} in {}, {:.0f} bits{}\n", to_string(lock.kind),
                       place_text(lock), lock.size, in_quotes(lock.value), lock.bits,
                       lock.carrier == Carrier::kKey ? "" : ", in the user's hands");
  }
  out += fmt::format(
      "key        {:.0f} bits in the locks, {:.0f} in all groups; the seed has {:.0f}.\n"
      "           This counts keys. It is not the cost of the best attack.\n",
      report.key_bits, report.group_bits, kSeedBits);
  return out;
}

// Tensors that stay for one reason make one entry.
std::string still_lines(const Report& report) {
  std::map<std::string, std::vector<const TensorReport*>> by_reason;
  for (const TensorReport& tensor : report.tensors) {
    if (!tensor.counts || tensor.protection == Protection::kBoth || tensor.kernel) continue;
    by_reason[tensor.why.empty() ? "unknown reason" : tensor.why].push_back(&tensor);
  }
  if (by_reason.empty()) return "";
  std::string out = "what stays in order\n";
  for (const auto& [reason, tensors] : by_reason) {
    out += fmt::format("  {}\n", printable(reason, kLine));
    for (const TensorReport* tensor : tensors) {
      out += fmt::format("    {} {} {}\n", in_quotes(tensor->name), shape_line(tensor->shape),
                         tensor->protection == Protection::kOne ? "one axis" : "all axes");
    }
  }
  return out;
}

std::string list_lines(std::string_view title, const std::vector<std::string>& lines) {
  if (lines.empty()) return "";
  std::string out = fmt::format("{}\n", title);
  for (const std::string& line : lines) out += fmt::format("  {}\n", printable(line, kLine));
  return out;
}

}  // namespace

std::string summary_text(const Report& report) {
  return coverage_lines(report) + group_line(report) + lock_lines(report) + still_lines(report) +
         list_lines("what may help", report.advice) +
         list_lines("operators without a rule: what they touch stays", report.unknown_ops) +
         list_lines("notes", report.notes);
}

std::string inspect_text(const Report& report) {
  std::string out;
  for (const auto& [name, text] : report.facts)
    out += fmt::format("{:<10} {}\n", name, printable(text, kLine));
  out += summary_text(report) + "tensors\n";
  for (const TensorReport& tensor : report.tensors) {
    out +=
        fmt::format("  {:<8} {} {}", tensor.type, in_quotes(tensor.name), shape_line(tensor.shape));
    const bool moves = std::any_of(tensor.axes.begin(), tensor.axes.end(),
                                   [](const AxisMap& axis) { return axis.moves(); });
    if (moves) out += "  " + axes_line(tensor.axes);
    out += '\n';
  }
  return out;
}

}  // namespace permcrypt
