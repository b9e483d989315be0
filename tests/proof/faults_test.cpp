// Faults in a correct encryption, one at a time: the proof finds each, with the original file and
// the key alone.
#include "proof/faults.h"

namespace permcrypt::test {
namespace {

void check_all_found(const std::string& model, int faults, Carry carry = Carry::kKey) {
  CAPTURE(model);
  LockOptions locks;
  locks.internal = Internal::kBlock;
  locks.carry = carry;
  const ProofSample sample(model_to_prove(model), locks);
  REQUIRE(sample.proof().complete());
  Faults source(sample, 7);
  onnx::ModelProto changed;
  for (int done = 0, draws = 0; done < faults; ++draws) {
    REQUIRE(draws < 100 * faults);
    const Kind& kind = kKinds[static_cast<std::size_t>(draws) % std::size(kKinds)];
    if (!source.inject(kind.fault, changed)) continue;
    ++done;
    const auto proof = sample.prove_changed(changed);
    // What is no graph any more is found as well.
    const bool found = !proof || proof->refuted();
    CHECK_MESSAGE(found, kind.name << ", draw " << draws);
  }
}

TEST_CASE("proof: 200 faults in correct encryptions") {
  check_all_found("vit-mnist", 100);
  check_all_found("t5-encoder-fused", 60);
  check_all_found("llama-fp16", 40);
}

TEST_CASE("proof: 60 faults where the data carries the key") {
  check_all_found("vit-mnist", 60, Carry::kData);
}

}  // namespace
}  // namespace permcrypt::test
