// Faults in a correct encryption, one at a time: which checks of verify find each.
#include "proof/faults.h"

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "verify/byte_check.h"
#include "verify/lock_vector.h"
#include "verify/numeric_check.h"
#include "verify/runtime.h"
#include "verify/static_check.h"

namespace permcrypt::test {
namespace {

class CheckedFaults {
 public:
  explicit CheckedFaults(const std::string& model)
      : original_(model_to_prove(model)), sample_(original_, all_locks()), source_(sample_, 11) {}

  void run(int faults) {
    const auto original = read_model(original_);
    REQUIRE(original.has_value());
    onnx::ModelProto changed;
    for (int done = 0, draws = 0; done < faults; ++draws) {
      REQUIRE(draws < 100 * faults);
      const Kind& kind = kKinds[static_cast<std::size_t>(draws) % std::size(kKinds)];
      if (!source_.inject(kind.fault, changed)) continue;
      ++done;
      CAPTURE(std::string(kind.name));
      CAPTURE(draws);
      check(*original, changed);
    }
  }

  const std::map<std::string, int>& found() const { return found_; }

 private:
  static LockOptions all_locks() {
    LockOptions locks;
    locks.internal = Internal::kBlock;
    return locks;
  }

  bool count(const char* what, bool fails) {
    found_[what] += fails;
    return fails;
  }

  void check(const Model& original, const onnx::ModelProto& changed) {
    sample_.folder().write("fault.onnx", changed.SerializeAsString());
    const auto path = sample_.folder() / "fault.onnx";
    const auto subject =
        open_subject(path, {.file = sample_.folder() / "key", .passphrase_fd = {}});
    if (!subject) {
      count("not a model", true);
      return;
    }
    const auto untampered = check_untampered(*subject, 1);
    CHECK(count("untampered", !untampered || untampered->outcome == Outcome::kFailed));
    const auto proof = check_proof(*subject, original, subject->sealed.plan, 1);
    CHECK(count("static proof", !proof || proof->check.outcome == Outcome::kFailed));
    // Numbers may miss what no input shows: one bit of one weight, or a key's bias.
    if (runtime_available()) count("with the key", !gives_equal_results(path, *subject));
  }

  bool gives_equal_results(const std::filesystem::path& path, const Subject& subject) {
    auto trial = Trial::open(original_, path, subject.sealed.plan, subject.groups,
                             {.inputs = {}, .threads = 1});
    if (!trial) return false;
    std::vector<OutputFigures> figures;
    const auto tolerance = derive_tolerance(subject.structure, subject.sealed.plan);
    const auto check = check_with_key(*trial, lock_vector(subject.sealed.plan, subject.groups),
                                      tolerance, figures);
    return check && check->outcome == Outcome::kPassed;
  }

  std::filesystem::path original_;
  ProofSample sample_;
  Faults source_;
  std::map<std::string, int> found_;
};

TEST_CASE("verify: 200 faults, and which checks find them") {
  std::map<std::string, int> total;
  for (const auto& [model, faults] : {std::pair("vit-mnist", 100), {"llama-fp16", 100}}) {
    CheckedFaults checked(model);
    checked.run(faults);
    for (const auto& [check, count] : checked.found()) total[check] += count;
  }
  for (const auto& [check, count] : total) MESSAGE(check << ": " << count << " of 200");
  CHECK(total["static proof"] + total["not a model"] == 200);
  if (runtime_available()) CHECK(total["with the key"] > 100);
}

}  // namespace
}  // namespace permcrypt::test
