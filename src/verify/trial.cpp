#include "verify/trial.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <set>

#include "permcrypt/model.h"
#include "verify/client_data.h"
#include "verify/data_files.h"
#include "verify/lock_vector.h"
#include "verify/runnable_inputs.h"
#include "verify/token_file.h"

namespace permcrypt {
namespace {

// Made-up inputs: enough positions to tell chance from skill, and few enough for large models.
constexpr std::uint64_t kSamples = 4, kSamplesOfLarge = 2;
constexpr std::uint64_t kLargeModel = 1 << 30;

Result<std::vector<std::vector<TensorData>>> given_inputs(const std::filesystem::path& path,
                                                          const Session& original) {
  auto data = read_data(path);
  if (!data) return tl::unexpected(data.error());
  std::vector<std::vector<TensorData>> out;
  for (auto& run : data->runs) {
    auto bound = bind_inputs(std::move(run), original.inputs(), original.defaults());
    if (!bound) return tl::unexpected(bound.error());
    out.push_back(*std::move(bound));
  }
  return out;
}

// Inputs of real numbers that the model makes integers of at once: masks, as old exporters have
// them.
std::set<std::string> real_masks(const std::filesystem::path& path) {
  using T = onnx::TensorProto;
  std::set<std::string> cast, other;
  const auto model = read_model(path);
  if (!model) return {};
  const onnx::GraphProto& graph = model->structure.graph();
  for (const auto& node : graph.node()) {
    const bool to_integers =
        node.op_type() == "Cast" && std::ranges::any_of(node.attribute(), [](const auto& a) {
          return a.name() == "to" && (a.i() == T::INT32 || a.i() == T::INT64 || a.i() == T::BOOL);
        });
    for (const std::string& name : node.input()) (to_integers ? cast : other).insert(name);
  }
  std::set<std::string> out;
  for (const auto& input : graph.input()) {
    if (cast.contains(input.name()) && !other.contains(input.name())) out.insert(input.name());
  }
  return out;
}

// The first two as interface.md says; then with the sizes exchanged, and with single ones, where
// the model runs on them. Masks of both kinds take turns.
Result<std::vector<std::vector<TensorData>>> made_inputs(Session& original,
                                                         const std::filesystem::path& path,
                                                         const Plan& plan,
                                                         std::uint64_t weight_bytes) {
  InputChoices choices = choices_of(plan);
  choices.masks = real_masks(path);
  const std::uint64_t samples = weight_bytes > kLargeModel ? kSamplesOfLarge : kSamples;
  std::vector<std::vector<TensorData>> out;
  for (choices.seed = 1; choices.seed <= samples; ++choices.seed) {
    choices.padded_masks = choices.seed % 2 == 0;
    if (choices.seed > 2 || samples == 2) {
      InputChoices resized = choices;
      resized.batch = choices.seed == 4 ? 1 : choices.others;
      resized.others = choices.batch;
      if (auto made = make_inputs(original.inputs(), resized);
          made && choices.seed > 1 && original.run(*made)) {
        out.push_back(*std::move(made));
        continue;
      }
    }
    auto made = runnable_inputs(original, choices);
    if (!made) return tl::unexpected(made.error());
    out.push_back(*std::move(made));
  }
  return out;
}

// One comparison over several samples: the worst of each figure, the mean of means.
OutputDifference merged(std::vector<OutputDifference> parts) {
  OutputDifference out = parts[0];
  out.runs.clear();
  const auto worst = [&](auto member) {
    for (const OutputDifference& p : parts) out.*member = std::max(out.*member, p.*member);
  };
  worst(&OutputDifference::max_absolute);
  worst(&OutputDifference::p99_absolute);
  worst(&OutputDifference::max_relative);
  worst(&OutputDifference::p99_relative);
  worst(&OutputDifference::smallest_tolerance);
  out.choices = Choices();
  out.mean_absolute = out.mean_relative = out.cosine = out.differing = 0;
  for (const OutputDifference& p : parts) {
    const double share = 1.0 / static_cast<double>(parts.size());
    out.mean_absolute += p.mean_absolute * share;
    out.mean_relative += p.mean_relative * share;
    out.cosine += p.cosine * share;
    out.differing += p.differing * share;
    out.choices.add(p.choices);
    out.runs.insert(out.runs.end(), p.runs.begin(), p.runs.end());
    if (!p.mismatch.empty()) out.mismatch = p.mismatch;
  }
  out.judge_choices();
  return out;
}

// Zeros and empty caches are the same in every order.
void blank_caches(const Plan& plan, std::vector<TensorData>& inputs) {
  for (const PlanCache& cache : plan.caches) {
    for (TensorData& tensor : inputs) {
      if (tensor.name == cache.past) std::ranges::fill(tensor.bytes, '\0');
    }
  }
}

void drop_presents(const Plan& plan, std::vector<TensorData>& outputs) {
  std::erase_if(outputs, [&](const TensorData& tensor) {
    return std::ranges::find(plan.caches, tensor.name, &PlanCache::present) != plan.caches.end();
  });
}

}  // namespace

// Ids that a lock sits on lie within the lock's table.
InputChoices choices_of(const Plan& plan) {
  InputChoices out;
  for (const PlanLock& lock : plan.locks) {
    if (lock.kind != LockKind::kIndex) continue;
    const auto bound = static_cast<std::int64_t>(lock.downstream.extent);
    const auto [it, inserted] = out.id_bounds.emplace(lock.value, bound);
    it->second = std::min(it->second, bound);
  }
  for (const PlanCache& cache : plan.caches) out.caches.insert(cache.past);
  for (const auto& [name, extent] : plan.bound_dims) out.dims.emplace(name, extent);
  return out;
}

Trial::Trial(Session encrypted, const Plan& plan, const std::vector<Permutation>& groups)
    : encrypted_(std::move(encrypted)),
      plan_(&plan),
      caches_(plan, groups),
      maps_(client_maps(plan, groups)),
      key_name_(encrypted_.key_input()) {}

Result<Trial> Trial::open(const std::filesystem::path& original,
                          const std::filesystem::path& encrypted, const Plan& plan,
                          const std::vector<Permutation>& groups, const TrialOptions& options) {
  SessionOptions session_options{options.optimise, options.threads};
  auto plain = Session::open(original, session_options);
  if (!plain && !options.optimise) {
    // Some half-precision models load only with the runtime's own rewriting.
    session_options.optimise = true;
    if (auto rewritten = Session::open(original, session_options)) plain = std::move(rewritten);
  }
  if (!plain) return tl::unexpected(plain.error());
  auto locked = Session::open(encrypted, session_options);
  if (!locked) return tl::unexpected(locked.error());
  auto inputs = options.inputs ? given_inputs(*options.inputs, *plain)
                               : made_inputs(*plain, original, plan, options.weight_bytes);
  if (!inputs) return tl::unexpected(inputs.error());
  Trial trial(*std::move(locked), plan, groups);
  for (auto& set : *inputs) {
    if (options.opaque_caches) blank_caches(plan, set);
    auto expected = plain->run(set);
    if (!expected) return tl::unexpected(expected.error());
    if (options.opaque_caches) drop_presents(plan, *expected);
    trial.samples_.push_back({std::move(set), *std::move(expected)});
  }
  return trial;
}

Result<Trial> Trial::open_alone(const std::filesystem::path& encrypted, const Plan& plan,
                                std::span<const std::int32_t> key, const TrialOptions& options) {
  auto session = Session::open(encrypted, {options.optimise, options.threads});
  if (!session) return tl::unexpected(session.error());
  auto inputs = options.inputs ? given_inputs(*options.inputs, *session)
                               : made_inputs(*session, encrypted, plan, options.weight_bytes);
  if (!inputs) return tl::unexpected(inputs.error());
  Trial trial(*std::move(session), plan, {});
  for (auto& set : *inputs) {
    std::erase_if(set, [&](const TensorData& tensor) { return tensor.name == trial.key_name_; });
    Sample sample{std::move(set), {}};
    auto expected = trial.run(sample, key);
    if (!expected) return tl::unexpected(expected.error());
    sample.expected = *std::move(expected);
    trial.samples_.push_back(std::move(sample));
  }
  return trial;
}

Result<std::vector<TensorData>> Trial::run(const Sample& sample,
                                           std::span<const std::int32_t> key) {
  const std::size_t key_entries = key_size(*plan_);
  set_indices(maps_, key.subspan(key_entries));
  auto feeds = scrambled(caches_.to_encrypted(sample.inputs), maps_);
  if (!feeds) return feeds;
  if (key_entries > 0) {
    feeds->push_back(key_tensor(key.first(key_entries)));
    feeds->back().name = key_name_;
  }
  auto outputs = encrypted_.run(*feeds);
  if (!outputs) return outputs;
  return unscrambled(caches_.to_plain(*std::move(outputs)), maps_);
}

Result<std::vector<OutputDifference>> Trial::differences(std::span<const std::int32_t> key,
                                                         std::size_t most_samples) {
  std::vector<std::vector<OutputDifference>> by_output;
  for (std::size_t s = 0; s < std::min(samples_.size(), most_samples); ++s) {
    const Sample& sample = samples_[s];
    auto actual = run(sample, key);
    if (!actual) return tl::unexpected(actual.error());
    auto compared = compare_outputs(sample.expected, *actual);
    if (!compared) return tl::unexpected(compared.error());
    by_output.resize(compared->size());
    for (std::size_t i = 0; i < compared->size(); ++i) by_output[i].push_back((*compared)[i]);
  }
  std::vector<OutputDifference> out;
  for (auto& parts : by_output) out.push_back(merged(std::move(parts)));
  return out;
}

OutputFigures figures_of(std::string run, const OutputDifference& d) {
  OutputFigures out;
  out.run = std::move(run);
  out.output = d.name;
  out.max_absolute = d.max_absolute;
  out.mean_absolute = d.mean_absolute;
  out.p99_absolute = d.p99_absolute;
  out.max_relative = d.max_relative;
  out.mean_relative = d.mean_relative;
  out.p99_relative = d.p99_relative;
  out.cosine = d.cosine;
  out.smallest_tolerance = d.smallest_tolerance;
  out.differing = d.differing;
  out.top_positions = d.top_one.positions;
  out.top_agreement = d.top_one.agreement();
  out.top_chance = d.top_one.chance;
  return out;
}

}  // namespace permcrypt
