// The two semantics of each operator against each other: a model of the one node, encrypted by its
// rule, must be proved by its definition.
#include <onnx/onnx_pb.h>

#include <set>
#include <string>

#include "infer/one_node.h"
#include "infer/op_case.h"
#include "proof/proof_sample.h"

namespace permcrypt::test {
namespace {

using permcrypt::testing::all_cases;
using permcrypt::testing::OpCase;
using permcrypt::testing::parse_one_node;

bool can_be_encrypted(const std::filesystem::path& model, const LockOptions& locks) {
  const TempFolder work;
  work.write("key", SecretKey::from_bytes(std::string(SecretKey::kSize, 'p')).to_text());
  EncryptRequest request;
  request.model = model;
  request.out = work / "model.enc.onnx";
  request.key.file = work / "key";
  request.locks = locks;
  return encrypt(request).has_value();
}

// Forms that rules handle and definitions do not: their results are left to the numbers.
const std::set<std::string> kLeftToTheNumbers = {"MatMulBnb4: blocks that do not divide"};

TEST_CASE("proof: every case of the rules") {
  LockOptions locks;
  locks.internal = Internal::kAll;
  int proved = 0;
  for (const OpCase& op : all_cases()) {
    CAPTURE(std::string(op.line));
    const TempFolder folder;
    const auto model =
        folder.write("model.onnx", parse_one_node(op.line, op.opset).model.SerializeAsString());
    if (!can_be_encrypted(model, locks)) continue;
    const Proof proof = ProofSample(model, locks).proof();
    for (const std::string& wrong : proof.contradictions) FAIL_CHECK(wrong);
    for (const auto& [what, nodes] : proof.not_understood) {
      CHECK_MESSAGE((what.ends_with("no definition") || kLeftToTheNumbers.contains(what)), what);
    }
    proved += proof.complete();
  }
  CHECK(proved >= 80);
}

}  // namespace
}  // namespace permcrypt::test
