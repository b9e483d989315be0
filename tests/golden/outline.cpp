#include "golden/outline.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "base/temp_folder.h"
#include "permcrypt/report.h"

namespace permcrypt::testing {
namespace {

// Groups are numbered as they are met, whatever the plan calls them.
class Groups {
 public:
  explicit Groups(const Plan& plan) : plan_(plan), number_(plan.groups.size(), kNone) {}

  std::string text(AxisMap axis) {
    renumber(axis);
    return to_string(axis);
  }
  const std::vector<std::string>& met() const { return met_; }

 private:
  void renumber(AxisMap& map) {
    for (AxisMap& part : map.parts) renumber(part);
    if (map.kind != AxisMap::Kind::kGroup) return;
    std::uint32_t& number = number_[map.group];
    if (number == kNone) {
      number = static_cast<std::uint32_t>(met_.size());
      const PlanGroup& group = plan_.groups[map.group];
      met_.push_back(fmt::format("g{:<3} {:>4} {}", number, group.size, group.role));
    }
    map.group = number;
  }

  const Plan& plan_;
  std::vector<std::uint32_t> number_;
  std::vector<std::string> met_;
};

std::string tensor_text(const TensorReport& tensor, Groups& groups) {
  std::string axes;
  for (const AxisMap& axis : tensor.axes) axes += (axes.empty() ? "" : ", ") + groups.text(axis);
  return fmt::format("[{}]", axes);
}

void append(std::string& text, const char* title, const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  text += fmt::format("{}\n", title);
  for (const std::string& line : lines) text += "  " + line + "\n";
}

}  // namespace

std::string Outline::text() const {
  std::string out = coverage + "\n";
  append(out, "locks", locks);
  append(out, "groups", groups);
  append(out, "tensors", tensors);
  append(out, "not understood", unknown);
  return out;
}

Outline outline(const onnx::ModelProto& proto, const LockOptions& options,
                const std::function<std::string(const std::string&)>& printed) {
  const test::TempFolder folder;
  auto model = read_model(folder.write("model.onnx", proto.SerializeAsString()));
  if (!model) throw std::runtime_error(model.error().message);
  auto analysis = analyse(*std::move(model), options);
  if (!analysis) throw std::runtime_error(analysis.error().message);
  Report report = report_analysis(*analysis);

  for (TensorReport& tensor : report.tensors) tensor.name = printed(tensor.name);
  std::ranges::stable_sort(report.tensors, {}, &TensorReport::name);
  Outline out;
  Groups groups(analysis->plan);
  for (const TensorReport& tensor : report.tensors) {
    if (!tensor.counts && std::ranges::none_of(tensor.axes, &AxisMap::moves)) continue;
    out.tensors.push_back(
        fmt::format("{:<44} {}", tensor.name + " " + tensor.type, tensor_text(tensor, groups)));
  }
  for (const PlanLock& lock : analysis->plan.locks) {
    out.locks.push_back(fmt::format("{:<8} axis {} of {} in '{}': {} -> {}", to_string(lock.kind),
                                    lock.axis, lock.upstream.extent, printed(lock.value),
                                    groups.text(lock.upstream), groups.text(lock.downstream)));
  }
  out.groups = groups.met();
  out.coverage = fmt::format("{:.2f} % of {} bytes on both axes, {:.2f} % on one, {:.2f} % on none",
                             100 * report.coverage.both, report.coverage.weight_bytes,
                             100 * report.coverage.one, 100 * report.coverage.none);
  out.unknown = report.unknown_ops;
  return out;
}

}  // namespace permcrypt::testing
