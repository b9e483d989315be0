#include "permcrypt/proof.h"

#include "proof/finding.h"
#include "proof/interpreter.h"

namespace permcrypt {
namespace {

using namespace proof;

void note_tensors(const Model& original, const Model& encrypted,
                  const std::vector<TensorClaim>& tensors, Proof& out) {
  out.tensors = tensors.size();
  for (TensorId id = 0; id < tensors.size(); ++id) {
    if (tensors[id].every_byte) {
      out.found.push_back(
          {*original.tensors[id].payload, *encrypted.tensors[tensors[id].encrypted].payload});
    }
    if (tensors[id].differs) {
      out.contradictions.push_back("the tensor '" + original.tensors[id].name + "' " +
                                   tensors[id].problem);
    }
  }
}

}  // namespace

Result<Proof> prove(const ProofRequest& request) {
  PayloadReader payloads(request.original), encrypted_payloads(request.encrypted);
  const auto original = build_graph(request.original, payloads);
  if (!original) return tl::unexpected(original.error());
  const auto encrypted = build_graph(request.encrypted, encrypted_payloads);
  if (!encrypted) return tl::unexpected(encrypted.error());
  Store store(*encrypted);
  const auto tensors = compare_contents(request.original, request.encrypted, request.plan,
                                        request.groups, request.threads, store.terms, store.orders);
  if (!tensors) return tl::unexpected(tensors.error());
  Proof out;
  note_tensors(request.original, request.encrypted, *tensors, out);
  for (const auto& [name, extent] : request.plan.bound_dims) {
    store.assumptions.insert(name + " = " + std::to_string(extent));
  }
  Interpreter(store, *original, *encrypted, *tensors, request, out).run();
  out.assumptions.assign(store.assumptions.begin(), store.assumptions.end());
  return out;
}

}  // namespace permcrypt
