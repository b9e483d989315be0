#include "report/advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "base/quote.h"
#include "report/reasons.h"

namespace permcrypt {
namespace {

enum class Advice {
  kFixSizes,
  kTryFixedSizes,
  kUnfuse,
  kOneProcessor,
  kDense,
  kRewrite,
  kSearch,
  kDropOutput,
  kCarryData
};

struct Cause {
  std::string_view reason;  // of inference; it may begin so
  Advice advice;
};

constexpr Cause kCauses[] = {
    {"sliced at a position known at run time only", Advice::kFixSizes},
    {"dynamic slice", Advice::kFixSizes},
    {"reshaped along dynamic extents", Advice::kFixSizes},
    {"concatenated with a dynamic extent", Advice::kFixSizes},
    {"split of a dynamic extent", Advice::kFixSizes},
    {"meets a dynamic extent", Advice::kFixSizes},
    {"meets another dynamic extent", Advice::kFixSizes},
    {"dynamic extent", Advice::kFixSizes},
    {"resized", Advice::kFixSizes},
    {"padded", Advice::kFixSizes},
    {"kernel axis", Advice::kTryFixedSizes},
    {"spatial axis", Advice::kTryFixedSizes},
    {"positions in order", Advice::kUnfuse},
    {"rotary positions in order", Advice::kUnfuse},
    {"positions counted by the operator", Advice::kUnfuse},
    {"channels lie in blocks", Advice::kOneProcessor},
    {"sparse tensor", Advice::kDense},
    {"payload ", Advice::kRewrite},
    {"entries of its payload", Advice::kRewrite},
    {"com.microsoft.GreedySearch", Advice::kSearch},
    {"com.microsoft.BeamSearch", Advice::kSearch},
    {"com.microsoft.Sampling", Advice::kSearch},
    {"com.microsoft.WhisperBeamSearch", Advice::kSearch},
    {"graph output", Advice::kDropOutput},
    {"graph input", Advice::kCarryData},
};

constexpr double kWorthSaying = 0.005;  // of the bytes of all weights

// The sizes that the exporter left open, as --dim names them, from axis `first` of an input on.
std::vector<std::string> open_sizes(const Analysis& analysis, std::size_t first) {
  std::vector<std::string> out;
  const Graph& graph = analysis.locked.graph;
  for (const ValueId input : graph.bodies[0].inputs) {
    const auto& declared = graph.values[input].declared;
    for (std::size_t k = first; declared && k < declared->size(); ++k) {
      const auto& dim = (*declared)[k];
      if (dim.size >= 0) continue;
      std::string name =
          dim.name.empty() ? graph.values[input].name + "#" + std::to_string(k) : dim.name;
      if (std::ranges::find(out, name) == out.end()) out.push_back(std::move(name));
    }
  }
  return out;
}

bool is_bound(const Analysis& analysis, const std::string& name) {
  const auto& bound = analysis.plan.bound_dims;
  return std::ranges::any_of(bound, [&](const auto& dim) { return dim.first == name; });
}

std::string dim_options(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 4;
  std::string out;
  for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i) {
    out += (i ? " --dim " : "--dim ") + names[i] + "=N";
  }
  return out + (names.size() > kShown ? " ..." : "");
}

// Outputs that hand out an axis which a weight shares.
std::string names_of_outputs(const Analysis& analysis, const std::set<ExprId>& factors,
                             AxisStore& axes) {
  std::string out;
  const auto& outputs = analysis.locked.graph.bodies[0].outputs;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto& facts = analysis.locked.inference.values[outputs[i]];
    const bool shares = std::ranges::any_of(facts.axes, [&](const Axis& axis) {
      return std::ranges::any_of(axes.factors(axis.expr),
                                 [&](ExprId f) { return factors.contains(f); });
    });
    if (!shares) continue;
    const auto& info = analysis.model->structure.graph().output(static_cast<int>(i));
    out += (out.empty() ? "" : ", ") + in_quotes(info.name());
  }
  return out;
}

class Advisor {
 public:
  Advisor(Analysis& analysis, const Report& report)
      : analysis_(analysis), axes_(analysis.locked.inference.axes), report_(report) {}

  std::vector<std::string> run() {
    const Graph& graph = analysis_.locked.graph;
    for (ValueId v = 0; v < graph.values.size(); ++v) {
      if (graph.values[v].is_constant()) add(report_.tensors[graph.stored(v)], v);
    }
    return lines();
  }

 private:
  void add(const TensorReport& tensor, ValueId v) {
    const ValueFacts& facts = analysis_.locked.inference.values[v];
    if (!tensor.counts || !facts.known || tensor.protection == Protection::kBoth) return;
    std::set<Advice> given;
    for (std::size_t k = 0; k < facts.axes.size() && k < tensor.axes.size(); ++k) {
      if (tensor.axes[k].extent < 2 || tensor.axes[k].moves()) continue;
      for (const ExprId f : axes_.factors(facts.axes[k].expr)) {
        if (axes_.is_free(f) || axes_.size(f) < 2) continue;
        const auto* cause = std::ranges::find_if(kCauses, [&](const Cause& c) {
          return std::string_view(axes_.why(f)).starts_with(c.reason);
        });
        if (cause == std::end(kCauses)) continue;
        given.insert(cause->advice);
        if (cause->advice == Advice::kDropOutput) handed_out_.insert(f);
      }
    }
    for (const Advice advice : given) bytes_[advice] += tensor.bytes;
  }

  std::string text(Advice advice) const {
    switch (advice) {
      case Advice::kFixSizes:
      case Advice::kTryFixedSizes: {
        const bool tried = advice == Advice::kTryFixedSizes;
        auto open = open_sizes(analysis_, tried ? 2 : 1);  // batches do not matter
        std::erase_if(open, [&](const std::string& name) { return is_bound(analysis_, name); });
        if (open.empty()) return "";
        return std::string(tried ? "may stay" : "stay") +
               " because the model takes any size: if it always runs at one, give " +
               dim_options(open) + ", or export it so";
      }
      case Advice::kUnfuse:
        return "are positions that a fused operator counts: encrypt the model as it was before it "
               "was optimised";
      case Advice::kOneProcessor:
        return "are laid out for one kind of processor: encrypt the model as it was before ONNX "
               "Runtime optimised it";
      case Advice::kDense:
        return "are stored as sparse tensors in a way that holds them: store them as ordinary ones";
      case Advice::kRewrite:
        return "are stored in pieces: load the model with the onnx package and save it again";
      case Advice::kSearch:
        return "are in a model within an operator that searches: encrypt that model by itself, and "
               "search outside of it";
      case Advice::kDropOutput: {
        const std::string names = names_of_outputs(analysis_, handed_out_, axes_);
        return "leave in an output" + (names.empty() ? "" : ", " + names) +
               ": export the model without it, if nobody needs it";
      }
      case Advice::kCarryData:
        return "follow the order of an input: with --carry both it may be the data's to keep";
    }
    return "";
  }

  std::vector<std::string> lines() const {
    std::vector<std::pair<std::uint64_t, Advice>> order;
    for (const auto& [advice, bytes] : bytes_) order.emplace_back(bytes, advice);
    std::ranges::stable_sort(order, std::greater<>(), &std::pair<std::uint64_t, Advice>::first);
    std::vector<std::string> out;
    for (const auto& [bytes, advice] : order) {
      const std::string words = text(advice);
      if (!worth_saying(advice) || words.empty()) continue;
      // The same options for what is sure to move and for what may: once is enough.
      if (advice == Advice::kTryFixedSizes && worth_saying(Advice::kFixSizes)) continue;
      out.push_back(fmt::format("{:.1f} % of the weights {}", 100 * share(advice), words));
    }
    return out;
  }

  double share(Advice advice) const {
    const auto bytes = bytes_.find(advice);
    if (bytes == bytes_.end()) return 0;
    return static_cast<double>(bytes->second) / static_cast<double>(report_.coverage.weight_bytes);
  }
  bool worth_saying(Advice advice) const { return share(advice) >= kWorthSaying; }

  Analysis& analysis_;
  AxisStore& axes_;
  const Report& report_;
  std::map<Advice, std::uint64_t> bytes_;
  std::set<ExprId> handed_out_;
};

}  // namespace

std::vector<std::string> advise(Analysis& analysis, const Report& report) {
  if (report.coverage.weight_bytes == 0) return {};
  return Advisor(analysis, report).run();
}

}  // namespace permcrypt
