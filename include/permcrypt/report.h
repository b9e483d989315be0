// What was protected, what was not, and why: facts first, which text and JSON are made of.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "permcrypt/analysis.h"
#include "permcrypt/model.h"
#include "permcrypt/plan.h"

namespace permcrypt {

// A group of indices that move together, or an axis of weights that stays.
struct GroupReport {
  struct Use {
    std::string tensor;
    std::size_t axis = 0;
  };
  std::string id;  // hexadecimal; "" of one that stays
  std::string role;
  std::uint64_t size = 0;
  bool free = true;
  std::uint64_t fibres = 1;  // numberings of its own for each index of the group it depends on
  double bits = 0;
  std::vector<Use> uses;
  std::vector<std::string> reasons;  // why it stays
};

enum class Protection { kBoth, kOne, kNone };

struct TensorReport {
  std::string name;
  std::vector<std::int64_t> shape;
  std::string type;
  std::uint64_t bytes = 0;
  std::vector<AxisMap> axes;  // of its shape, or of the array that is packed into it
  // Single numbers, int64, boolean and string tensors do not count.
  bool counts = false;
  Protection protection = Protection::kNone;
  bool kernel = false;  // both channel axes move, the spatial ones behind them cannot
  std::string why;      // why axes stay; "" where none does, or nothing was inferred
};

struct LockReport {
  std::string value;
  std::uint32_t axis = 0;
  std::uint64_t size = 0;
  LockKind kind = LockKind::kInput;
  double bits = 0;
  Carrier carrier = Carrier::kKey;
  std::uint32_t axes = 1;  // more than one: those from `axis` on, permuted jointly
};

// Shares of the bytes of the weights that count.
struct Coverage {
  std::uint64_t weight_bytes = 0;
  double both = 0, one = 0, none = 0;
  double kernels = 0;  // of `one`
};

struct Report {
  std::vector<std::pair<std::string, std::string>> facts;  // of an encrypted model: its key id, ...
  std::vector<GroupReport> groups;  // those of the plan, in its order, then what stays
  std::vector<TensorReport> tensors;
  Coverage coverage;
  std::vector<LockReport> locks;
  std::vector<PlanCache> caches;
  std::vector<std::string> unknown_ops;  // "domain.Op: 3 nodes", with a reason where a rule gave up
  std::vector<std::string> warnings, notes;
  std::vector<std::string> advice;  // what the model's owner can do to protect more
  double key_bits = 0;    // log2 of how many keys the locks tell apart, at most
  double group_bits = 0;  // and of all permutations of all groups
};

// What the plan of an encrypted model says; `encrypted` is the encrypted file itself.
Report report_encrypted(const Model& encrypted, const Plan& plan);
// An analysed model, with the reasons for what stays.
Report report_analysis(Analysis& analysis);
// A model about which nothing more is known: an encrypted one without its key.
Report report_structure(const Model& model);

// What `encrypt` prints, each line ended.
std::string summary_text(const Report& report);
// What `inspect` prints, each line ended.
std::string inspect_text(const Report& report);

// What `inspect --json` prints: `kind` is "model" or "encrypted".
std::string report_json(const Report& report, std::string_view file, std::string_view kind);

// `inspect --explain`: why each axis of a tensor moves with which others, or why it does not.
// Errors (kUsage): no such tensor.
Result<std::string> explain_tensor(Analysis& analysis, std::string_view tensor);

}  // namespace permcrypt
