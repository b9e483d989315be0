#include "oracle/held_factors.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>
#include <set>
#include <stdexcept>
#include <utility>

#include "permcrypt/apply.h"
#include "permcrypt/report.h"
#include "plan/axis_mapping.h"
#include "verify/compare.h"
#include "verify/data_files.h"
#include "verify/runtime.h"

namespace permcrypt::testing {
namespace {

namespace fs = std::filesystem;
using T = onnx::TensorProto;

constexpr int kSwaps = 30;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <class Value>
Value checked(Result<Value> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return *std::move(result);
}

// Where numbers are half as long, rounding is coarser.
bool has_short_floats(const Model& model) {
  return std::ranges::any_of(model.tensors, [](const Tensor& tensor) {
    return tensor.type == T::FLOAT16 || tensor.type == T::BFLOAT16;
  });
}

Permutation swapped(std::int64_t size, std::int64_t i, std::int64_t j) {
  std::vector<std::uint32_t> order(static_cast<std::size_t>(size));
  std::iota(order.begin(), order.end(), 0U);
  std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(j)]);
  return Permutation(std::move(order));
}

Permutation reversed(std::int64_t size) {
  std::vector<std::uint32_t> order(static_cast<std::size_t>(size));
  std::iota(order.rbegin(), order.rend(), 0U);
  return Permutation(std::move(order));
}

// Different swaps, neighbours at the front first.
std::vector<std::pair<std::int64_t, std::int64_t>> swaps(std::int64_t size, std::uint32_t seed) {
  const std::int64_t pairs = size > 100 ? kSwaps : size * (size - 1) / 2;
  std::vector<std::pair<std::int64_t, std::int64_t>> out{{0, 1}};
  if (size > 2) out.insert(out.end(), {{1, 2}, {0, size - 1}});
  std::mt19937 random(seed);
  while (static_cast<std::int64_t>(out.size()) < std::min<std::int64_t>(pairs, kSwaps)) {
    const auto i = static_cast<std::int64_t>(random()) % size;
    const auto j = static_cast<std::int64_t>(random()) % size;
    const std::pair next{std::min(i, j), std::max(i, j)};
    if (i != j && std::ranges::find(out, next) == out.end()) out.push_back(next);
  }
  return out;
}

ElementView view_of(const Inference& inference, ValueId value, const Tensor& tensor) {
  ElementView view;
  view.encoding = tensor.encoding;
  if (const auto it = inference.views.find(value); it != inference.views.end()) {
    view.bits = static_cast<std::uint32_t>(it->second.bits);
    view.shape.assign(it->second.shape.begin(), it->second.shape.end());
    view.row_stride = static_cast<std::uint64_t>(it->second.row_stride);
  } else {
    view.bits = static_cast<std::uint32_t>(element_bits(tensor.type));
    view.shape.assign(tensor.shape.begin(), tensor.shape.end());
    view.row_stride = view.shape.empty() ? 1 : view.shape.back();
  }
  return view;
}

std::map<ExprId, std::uint32_t> numbered(const std::map<ExprId, Permutation>& orders) {
  std::map<ExprId, std::uint32_t> out;
  for (const auto& [factor, order] : orders) {
    out.emplace(factor, static_cast<std::uint32_t>(out.size()));
  }
  return out;
}

std::vector<Permutation> listed(const std::map<ExprId, Permutation>& orders) {
  std::vector<Permutation> out;
  for (const auto& [factor, order] : orders) out.push_back(order);
  return out;
}

Permutation order_of(AxisStore& axes, ExprId axis, const std::map<ExprId, Permutation>& orders) {
  return axis_permutation(map_axis(axes, axis, numbered(orders)), listed(orders));
}

// The largest difference of any output: infinite where they cannot be compared.
double distance(const std::vector<TensorData>& expected, const std::vector<TensorData>& actual) {
  double out = 0;
  for (const OutputDifference& d : checked(compare_outputs(expected, actual))) {
    out = std::max(out, d.mismatch.empty() ? d.max_relative : kInfinity);
    if (d.integers && d.differing > 0) out = kInfinity;
  }
  return out;
}

}  // namespace

HeldModel::HeldModel(Analysis analysis)
    : analysis_(std::make_unique<Analysis>(std::move(analysis))) {}

double HeldModel::threshold() const {
  return std::max(has_short_floats(*analysis_->model) ? 5e-3 : 2e-5, 4 * rounding_);
}

Result<HeldModel> HeldModel::open(const fs::path& folder, const RuleBook* rules) {
  const fs::path path = folder / "model.onnx";
  auto model = read_model(path);
  if (!model) return fail(model.error());
  LockOptions lock_options;
  lock_options.infer.rules = rules;
  auto analysis = analyse(*std::move(model), lock_options);
  if (!analysis) {  // no place for a lock
    analysis = analyse_without_locks(checked(read_model(path)), lock_options.infer);
  }
  if (!analysis) return fail(analysis.error());
  HeldModel out(*std::move(analysis));
  auto session = Session::open(path, {false, 1});
  if (!session) {  // some load only with the runtime's own rewriting
    out.optimise_ = true;
    session = Session::open(path, {true, 1});
  }
  if (!session) return fail(session.error());
  const auto data = read_data(folder / "test_data_set_0");
  if (!data) return fail(data.error());
  auto inputs = bind_inputs(data->runs.at(0), session->inputs());
  if (!inputs) return fail(inputs.error());
  auto expected = session->run(*inputs);
  if (!expected) return fail(expected.error());
  out.inputs_ = *std::move(inputs);
  out.expected_ = *std::move(expected);
  out.files_ = out.files_with({});
  out.find_held();
  out.measure_rounding();
  return out;
}

void HeldModel::find_held() {
  const Graph& graph = analysis_->locked.graph;
  Inference& inference = analysis_->locked.inference;
  const Report report = report_analysis(*analysis_);
  std::map<ExprId, HeldFactor> held;
  for (ValueId value = 0; value < graph.values.size(); ++value) {
    const TensorId id = graph.values[value].tensor;
    const ValueFacts& facts = inference.values[value];
    if (id == kNone || !facts.known || !report.tensors[id].counts) continue;
    std::set<ExprId> seen;
    for (std::size_t k = 0; k < facts.axes.size(); ++k) {
      for (const ExprId f : inference.axes.factors(facts.axes[k].expr)) {
        if (inference.axes.is_free(f) || inference.axes.size(f) < 2) continue;
        HeldFactor& entry = held[f];
        entry.factor = f;
        entry.size = inference.axes.size(f);
        entry.why = inference.axes.why(f);
        entry.axes.push_back("axis " + std::to_string(k) + " of " + report.tensors[id].name);
        if (seen.insert(f).second) entry.bytes += report.tensors[id].bytes;
      }
    }
  }
  for (auto& [f, entry] : held) held_.push_back(std::move(entry));
}

// What orders an axis in front of a lock, orders it behind: the model that is run has no locks.
// False where parts of an axis meet other parts, so that its order is none of theirs.
bool HeldModel::pass_through_locks(Orders& orders) const {
  AxisStore& axes = analysis_->locked.inference.axes;
  const auto& values = analysis_->locked.inference.values;
  const auto moves = [&](ExprId axis) {
    return std::ranges::any_of(axes.factors(axis), [&](ExprId f) { return orders.contains(f); });
  };
  const auto pass = [&](ExprId from, ExprId to) {
    if (!moves(from)) return true;
    const auto x = axes.factors(from), y = axes.factors(to);
    const auto size = [&](ExprId f) { return axes.size(f); };
    if (std::ranges::equal(x, y, {}, size, size)) {
      for (std::size_t k = 0; k < x.size(); ++k) {
        if (const auto it = orders.find(x[k]); it != orders.end()) orders.emplace(y[k], it->second);
      }
      return true;
    }
    if (y.size() == 1) {
      orders.emplace(y[0], order_of(axes, from, orders));
      return true;
    }
    return order_of(axes, from, orders) == order_of(axes, to, orders);
  };
  for (std::size_t before = 0; before != orders.size();) {
    before = orders.size();
    for (const LockSite& lock : analysis_->locked.locks) {
      if (lock.kind == LockKind::kIndex) continue;
      const ExprId x = values[lock.before].axes[lock.axis].expr;
      const ExprId y = values[lock.behind].axes[lock.axis].expr;
      if (!pass(x, y) || !pass(y, x)) return false;
    }
  }
  return true;
}

Plan HeldModel::plan_of(const Orders& orders) const {
  const Graph& graph = analysis_->locked.graph;
  Inference& inference = analysis_->locked.inference;
  const auto group_of = numbered(orders);
  std::map<std::pair<std::uint32_t, std::uint64_t>, PlanTensor> moving;  // each payload once
  for (ValueId value = 0; value < graph.values.size(); ++value) {
    const TensorId id = graph.values[value].tensor;
    const ValueFacts& facts = inference.values[value];
    if (id == kNone || !facts.known) continue;
    const Tensor& tensor = analysis_->model->tensors[id];
    if (!tensor.payload || tensor.payload->length == 0) continue;
    PlanTensor out{tensor.name, *tensor.payload, view_of(inference, value, tensor), {}, {}};
    for (const Axis& axis : facts.axes) {
      out.axes.push_back(map_axis(inference.axes, axis.expr, group_of));
    }
    if (facts.coordinates != kNone) {
      AxisMap elements = map_axis(inference.axes, facts.coordinates, group_of);
      if (elements.moves()) out.values = std::move(elements);
    }
    if (!out.values && std::ranges::none_of(out.axes, &AxisMap::moves)) continue;
    moving.emplace(std::pair(tensor.payload->file, tensor.payload->offset), std::move(out));
  }
  Plan plan;
  for (auto& [place, tensor] : moving) plan.tensors.push_back(std::move(tensor));
  return plan;
}

std::vector<std::string> HeldModel::files_with(const Orders& orders) const {
  std::vector<fs::path> paths;
  std::vector<std::string> bytes;
  for (const ModelFile& file : analysis_->model->files) {
    paths.push_back(file.path);
    bytes.emplace_back(file.size, '\0');
  }
  const auto write = [&](std::size_t file, std::uint64_t offset, std::string_view part) {
    std::ranges::copy(part, bytes[file].begin() + static_cast<std::ptrdiff_t>(offset));
    return Result<void>();
  };
  CopyOptions options;
  options.threads = 1;
  checked(copy_files(encryption_job(plan_of(orders), listed(orders), paths), options, write));
  return bytes;
}

// What fails to run is different as well: for an index out of range, say.
double HeldModel::difference(const std::vector<std::string>& files) const {
  std::vector<ExternalBytes> data;
  for (std::size_t i = 1; i < files.size(); ++i) {
    data.push_back({analysis_->model->files[i].location, files[i]});
  }
  auto session = Session::from_bytes(files[0], data, {optimise_, 1});
  if (!session) return kInfinity;
  const auto outputs = session->run(inputs_);
  return outputs ? distance(expected_, *outputs) : kInfinity;
}

Held HeldModel::try_swaps(const HeldFactor& held, std::uint32_t seed) const {
  Held out = Held::kOfEquals;
  for (const auto& [i, j] : swaps(held.size, seed)) {
    Orders orders{{held.factor, swapped(held.size, i, j)}};
    if (!pass_through_locks(orders)) return Held::kUntried;
    const auto files = files_with(orders);
    if (files == files_) continue;
    if (difference(files) > threshold()) return Held::kForAReason;
    out = Held::kIdly;
  }
  return out;
}

void HeldModel::measure_rounding() {
  const LockedGraph& locked = analysis_->locked;
  AxisStore& axes = analysis_->locked.inference.axes;
  std::set<ExprId> bounded, inside;
  const auto collect = [&](ExprId axis, std::set<ExprId>& into) {
    for (const ExprId f : axes.factors(axis)) {
      if (axes.is_free(f) && axes.size(f) > 1) into.insert(f);
    }
  };
  const auto collect_all = [&](ValueId value, std::set<ExprId>& into) {
    for (const Axis& axis : locked.inference.values[value].axes) collect(axis.expr, into);
  };
  for (const LockSite& lock : locked.locks) {
    collect_all(lock.before, bounded);
    collect_all(lock.behind, bounded);
    const ExprId ids = locked.inference.values[lock.behind].coordinates;
    if (ids != kNone) collect(ids, bounded);
  }
  for (const CachePair& pair : locked.inference.caches) collect_all(pair.past, bounded);
  for (ValueId value = 0; value < locked.graph.values.size(); ++value) {
    if (locked.graph.values[value].tensor != kNone) collect_all(value, inside);
  }
  for (const ExprId f : inside) {
    if (bounded.contains(f)) continue;
    rounding_ = std::max(rounding_, difference(files_with({{f, reversed(axes.size(f))}})));
  }
}

}  // namespace permcrypt::testing
