#include "verify/static_check.h"

#include "write/inserted_names.h"

namespace permcrypt {
namespace {

std::string list(const std::vector<std::string>& items) {
  constexpr std::size_t kMost = 4;
  std::string out;
  for (std::size_t i = 0; i < items.size() && i < kMost; ++i) out += (i ? ", " : "") + items[i];
  return items.size() > kMost ? out + " and " + std::to_string(items.size() - kMost) + " more"
                              : out;
}

std::vector<std::string> obstacles(const Proof& proof) {
  std::vector<std::string> out;
  for (const auto& [what, nodes] : proof.not_understood) {
    out.push_back(what + " (" + std::to_string(nodes) + (nodes == 1 ? " node)" : " nodes)"));
  }
  return out;
}

Check verdict_of(const Proof& proof) {
  if (proof.refuted()) {
    return {"static proof", Outcome::kFailed, list(proof.contradictions),
            "this is a defect of permcrypt, or the model was changed: do not publish it"};
  }
  if (!proof.complete()) {
    return {"static proof", Outcome::kNoted,
            "checked numerically only: " + list(proof.open_outputs) +
                "; not understood: " + list(obstacles(proof)),
            ""};
  }
  std::string text = "equal for all inputs: " + std::to_string(proof.nodes) + " nodes, " +
                     std::to_string(proof.tensors) + " tensors";
  if (!proof.assumptions.empty()) text += "; given that " + list(proof.assumptions);
  return {"static proof", Outcome::kPassed, std::move(text), ""};
}

}  // namespace

Result<ProofCheck> check_proof(const Subject& subject, const Model& original, const Plan& plan,
                               unsigned threads) {
  const auto encrypted = read_model(subject.path);
  if (!encrypted) return tl::unexpected(encrypted.error());
  const auto key = token_vector(plan, subject.groups);
  auto proof = prove({original, *encrypted, plan, subject.groups, key,
                      find_key_input(encrypted->structure.graph()), threads});
  if (!proof) return tl::unexpected(proof.error());
  Check check = verdict_of(*proof);
  return ProofCheck{std::move(check), std::move(proof->found)};
}

}  // namespace permcrypt
