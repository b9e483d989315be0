// A model of one node as inference sees it, with free inputs and outputs: its index structure in
// print, and the model with its axes renumbered.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "infer/one_node.h"
#include "plan/fibres.h"
#include "permcrypt/apply.h"
#include "permcrypt/infer.h"
#include "permcrypt/permutation.h"

namespace permcrypt::testing {

class Analysed {
 public:
  explicit Analysed(OneNode one, const RuleBook* rules = nullptr);
  Analysed(const Analysed&) = delete;  // parts of it point to others
  Analysed& operator=(const Analysed&) = delete;

  // "x[a,b*c] w[!3,c] -> y[a,b]": one letter per free factor, in order of appearance; "!n" for what
  // is fixed; "ids[a]=b" for elements that are coordinates. What bodies read by name follows the
  // operands; why a rule gave up, the results.
  std::string structure();
  // What moves together on the axes of all constants, a line each, by name.
  std::string partition();

  // Why the fixed axes of the node's operands and results are.
  std::set<std::string> reasons();

  const GraphNode& node() const { return graph_.nodes.at(graph_.bodies.at(0).nodes.back()); }

  // Random permutations of all free factors, by their ids. Under the seeds 1 to 3, each of the first
  // seven factors moves at least once, and any two of them differ at least once.
  std::map<ExprId, Permutation> random_permutations(std::uint32_t seed);

  // Factors that may take another permutation for each index of another one, each pair for itself,
  // as far as the places of all values can be numbered in one axis map.
  std::vector<Fibre> possible_fibres(PassesFibres passes = passes_fibres);
  // Makes the permutation of a factor one for each index of its parent, none of them equal.
  void add_fibres(const Fibre& fibre, std::uint32_t seed,
                  std::map<ExprId, Permutation>& permutations);
  void remove_fibres() { parents_.clear(); }
  // How many indices the factor has, and its parent.
  std::pair<std::int64_t, std::int64_t> sizes(const Fibre& fibre) const {
    return {inference_.axes.size(fibre.factor), inference_.axes.size(fibre.parent)};
  }

  const OneNode& one() const { return one_; }
  // The model with its constants, or a tensor that binds to one of its values, renumbered.
  onnx::ModelProto permuted_model(const std::map<ExprId, Permutation>& permutations);
  TensorData permuted(TensorData tensor, const std::map<ExprId, Permutation>& permutations);

 private:
  ValueId value(std::string_view name) const;
  TensorData permuted(ValueId id, TensorData tensor,
                      const std::map<ExprId, Permutation>& permutations);
  void renumber_fibres(const ValueFacts& facts, const Groups& group_of,
                       const std::vector<Permutation>& groups, PayloadMove& move,
                       std::vector<Permutation>& orders);
  void permute_constant(onnx::TensorProto& proto, const std::string& name, const std::string& scope,
                        const std::map<ExprId, Permutation>& permutations);
  void permute_graph(onnx::GraphProto& graph, const std::string& scope,
                     const std::map<ExprId, Permutation>& permutations);
  std::string axis_text(ExprId axis, bool within_product);
  std::string value_text(ValueId id);
  std::vector<ValueId> operands() const;
  bool can_be_renumbered(const Fibre& fibre);

  OneNode one_;
  Model model_;
  std::unique_ptr<PayloadReader> payloads_;
  Graph graph_;
  Inference inference_;
  std::map<ExprId, std::string> letters_;
  Parents parents_;
};

}  // namespace permcrypt::testing
