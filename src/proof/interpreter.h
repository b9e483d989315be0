// Walks the encrypted graph node by node, in step with the original, and establishes a claim for
// every value.
#pragma once

#include <string>
#include <vector>

#include "permcrypt/client_map.h"
#include "permcrypt/proof.h"
#include "proof/contents.h"
#include "proof/counterparts.h"
#include "proof/step.h"
#include "proof/turned_locks.h"

namespace permcrypt::proof {

class Interpreter {
 public:
  // All must outlive it.
  Interpreter(Store& store, const Graph& original, const Graph& encrypted,
              const std::vector<TensorClaim>& tensors, const ProofRequest& request, Proof& proof);

  void run();

 private:
  // Main graph.
  void claim_inputs();
  void check_outputs();
  Claim input_claim(ValueId original) const;
  Claim renumbered_input(ValueId original);
  void renumber_input(Claim& claim, const std::string& name) const;
  // What the output's claim must be for the user to get what the original gives.
  bool comes_out_right(const Claim& claim, const std::string& name) const;
  OrderId cache_order(const PlanCache& cache, std::size_t k) const;
  const PlanCache* cache_of(const std::string& name, bool past) const;

  // Any body.
  void walk(BodyId encrypted, BodyId original);
  void lose(const GraphNode& node);
  void note_extents(const GraphNode& node);
  void visit(const GraphNode& node, BodyId original_body);
  void apply(const GraphNode& node, const GraphNode& counterpart,
             const std::vector<const Claim*>& operands);
  bool pass_lock(const GraphNode& node, const std::vector<const Claim*>& operands);
  bool pass_turned_lock(const GraphNode& node);
  void lock_places(Claim value, const Index& key, std::int64_t axis, const GraphNode& node);
  void split_key(const GraphNode& node, const Claim& key);
  const Claim& claim_of(ValueId encrypted);
  Claim constant_claim(ValueId encrypted);
  void set(ValueId encrypted, Claim claim, ValueId original);

  // Operators with bodies. All return the claims of the results.
  std::vector<Claim> enter(const GraphNode& node, const GraphNode& counterpart,
                           const std::vector<const Claim*>& operands);
  std::vector<Claim> run_body(const GraphNode::Sub& encrypted, const GraphNode& counterpart,
                              const std::vector<Claim>& inputs);
  std::vector<Claim> branch(const GraphNode& node, const GraphNode& counterpart,
                            const std::vector<const Claim*>& operands);
  std::vector<Claim> loop(const GraphNode& node, const GraphNode& counterpart,
                          const std::vector<const Claim*>& operands);
  std::vector<Claim> scan(const GraphNode& node, const GraphNode& counterpart,
                          const std::vector<const Claim*>& operands);
  // The body's results, once the claims of carried values hold before and after an iteration.
  std::vector<Claim> iterate(const GraphNode& node, const GraphNode& counterpart,
                             std::vector<Claim> inputs, std::size_t first_state, std::size_t states,
                             std::size_t first_result);
  bool generalise(Claim& before, const Claim& after) const;
  void forget_extents(Claim& after, const Claim& before);

  void contradict(const GraphNode* node, const std::string& what);
  void give_up(const GraphNode& node, const std::string& why);

  Store& store_;
  const Graph &original_, &encrypted_;
  const std::vector<TensorClaim>& tensors_;
  const ProofRequest& request_;
  Proof& proof_;
  const std::vector<ClientMap> client_maps_;
  Counterparts counterparts_;
  const TurnedLocks turned_locks_;
  std::vector<std::optional<Claim>> claims_;                    // by value of the encrypted graph
  std::map<std::string, ValueId> inputs_;                       // of the original, by name
  std::map<TensorId, std::pair<TensorId, ValueId>> constants_;  // encrypted -> tensor, value of the
                                                                // original
};

}  // namespace permcrypt::proof
