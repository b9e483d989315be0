// What random graphs are made of: steps that add a few nodes behind a value.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "oracle/graph_writer.h"

namespace permcrypt::testing {

struct Step {
  std::string_view name;
  // Nothing when the step does not fit the value.
  std::optional<Value> (*apply)(GraphWriter&, const Value&);
  int weight = 2;  // how often, in relation to others
};

std::span<const Step> elementwise_steps();
std::span<const Step> product_steps();
std::span<const Step> shape_steps();
std::span<const Step> part_steps();
std::span<const Step> normalisation_steps();
std::span<const Step> image_steps();
std::span<const Step> attention_steps();
std::span<const Step> selection_steps();
std::span<const Step> quantised_steps();
std::span<const Step> control_steps();
std::span<const Step> fused_steps();
std::span<const Step> table_steps();
std::span<const Step> mixing_steps();

// The static axes of a value, those of extent 1 left out.
std::vector<int> static_axes(const Value& x);
// x @ w with a new weight for the last axis, which must be static.
Value project(GraphWriter& g, const Value& x, std::int64_t width);

}  // namespace permcrypt::testing
