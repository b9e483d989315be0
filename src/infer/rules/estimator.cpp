// ai.onnx.ml: estimators whose coefficients are attributes. Nothing of theirs can be renumbered, so
// features and classes stay; rows are independent of each other.
#include "infer/registry.h"

namespace permcrypt {
namespace {

using T = onnx::TensorProto;

// The axis of the rows of [rows, features], the features of which stay.
Axis rows(RuleCall& c) {
  const Operand& x = c.in(0);
  if (x.axes.size() != 2) c.give_up("no table");
  c.pin(x.axes[1], "features of an estimator");
  return x.axes[0];
}

void regress(RuleCall& c) {
  c.out(0, {rows(c), c.unknown_extent("targets of an estimator")}, T::FLOAT);
}

void classify(RuleCall& c) {
  const Axis row = rows(c);
  const bool text = [&] {
    const auto* names = c.attribute("classlabels_strings");
    return names && names->strings_size() > 0;
  }();
  c.out(0, {row}, text ? T::STRING : T::INT64);
  c.out(1, {row, c.unknown_extent("classes of an estimator")}, T::FLOAT);
}

// An attribute for each feature.
void pin_features(RuleCall& c) {
  const Operand& x = c.in(0);
  if (x.axes.empty() || x.axes.size() > 2) c.give_up("no table");
  c.pin(x.axes.back(), "features of an estimator");
}

void scale(RuleCall& c) {
  pin_features(c);
  c.out(0, c.in(0).axes, T::FLOAT);
}

void impute(RuleCall& c) {
  pin_features(c);
  c.out(0, c.in(0).axes, c.in(0).type);
}

void normalise(RuleCall& c) { c.out(0, c.in(0).axes, T::FLOAT); }
void binarise(RuleCall& c) { c.out(0, c.in(0).axes, c.in(0).type); }

constexpr auto kMl = "ai.onnx.ml";
constexpr auto kRegresses = "([i,!f])->([i,!t]): coefficients are attributes";
constexpr auto kClassifies = "([i,!f])->([i],[i,!c]): coefficients are attributes";
constexpr auto kPerFeature = "([..,!f])->([..,!f]): an attribute for each feature";

const OpRule kRules[] = {
    {kMl, "LinearRegressor", 1, kAnyOpset, kRegresses, regress},
    {kMl, "SVMRegressor", 1, kAnyOpset, kRegresses, regress},
    {kMl, "TreeEnsemble", 5, kAnyOpset, kRegresses, regress},
    {kMl, "TreeEnsembleRegressor", 1, kAnyOpset, kRegresses, regress},
    {kMl, "LinearClassifier", 1, kAnyOpset, kClassifies, classify},
    {kMl, "SVMClassifier", 1, kAnyOpset, kClassifies, classify},
    {kMl, "TreeEnsembleClassifier", 1, kAnyOpset, kClassifies, classify},
    {kMl, "Scaler", 1, kAnyOpset, kPerFeature, scale},
    {kMl, "Imputer", 1, kAnyOpset, kPerFeature, impute},
    {kMl, "Normalizer", 1, kAnyOpset, "(x)->(x)", normalise},
    {kMl, "Binarizer", 1, kAnyOpset, "(x)->(x)", binarise},
};

}  // namespace

std::span<const OpRule> estimator_rules() { return kRules; }

}  // namespace permcrypt
