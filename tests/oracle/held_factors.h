// Is what holds an axis of a weight there for a reason? The factors of a model's weights that stay,
// and what the model computes when two indices of one of them change places.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "permcrypt/analysis.h"
#include "permcrypt/permutation.h"
#include "verify/tensor_data.h"

namespace permcrypt::testing {

// A factor that stays, and the weights that it numbers.
struct HeldFactor {
  ExprId factor = 0;
  std::int64_t size = 0;
  std::string why;
  std::vector<std::string> axes;  // "axis 0 of <weight>"
  std::uint64_t bytes = 0;        // of these weights
};

enum class Held : std::uint8_t {
  kForAReason,  // a swap of two indices changes what the model computes
  kOfEquals,    // all indices hold the same numbers: there is nothing to swap
  kIdly,        // no swap changes anything
  kUntried,     // a lock has other parts on its other side
};

// A model, what it computes for the inputs that lie beside it, and what holds its weights.
class HeldModel {
 public:
  // `folder` holds model.onnx and test_data_set_0. Errors: those of the model's own, of its data,
  // and of a runtime that does not load it. `rules` as in InferOptions.
  static Result<HeldModel> open(const std::filesystem::path& folder,
                                const RuleBook* rules = nullptr);

  const std::vector<HeldFactor>& held() const { return held_; }
  // Tries 30 different swaps of two indices, or all if there are fewer. Neighbours at the front
  // come first: a sample reads the first rows of a table.
  Held try_swaps(const HeldFactor& held, std::uint32_t seed) const;

  // The largest difference that comes of shuffling a factor that moves and that neither locks nor
  // caches touch, in units of an output's standard deviation; zero if there is none. It is what
  // rounding makes; what counts as a change is a multiple of it.
  double rounding() const { return rounding_; }
  double threshold() const;

 private:
  using Orders = std::map<ExprId, Permutation>;

  explicit HeldModel(Analysis analysis);
  void find_held();
  void measure_rounding();
  bool pass_through_locks(Orders& orders) const;
  Plan plan_of(const Orders& orders) const;
  std::vector<std::string> files_with(const Orders& orders) const;
  double difference(const std::vector<std::string>& files) const;

  std::unique_ptr<Analysis> analysis_;
  std::vector<HeldFactor> held_;
  std::vector<TensorData> inputs_, expected_;
  std::vector<std::string> files_;  // as they are
  bool optimise_ = false;
  double rounding_ = 0;
};

}  // namespace permcrypt::testing
