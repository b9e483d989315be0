// Client maps: how the user's data is renumbered when it carries the key, before it goes into a
// model and when it comes out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "permcrypt/key.h"
#include "permcrypt/permutation.h"
#include "permcrypt/plan.h"

namespace permcrypt {

// One renumbering of one input or output. Several of one value may be made in any order.
struct ClientMap {
  Carrier carrier = Carrier::kInput;  // kInput: of an input; kOutput: of an output
  std::string value;                  // the name of that input or output
  bool ids = false;                   // the elements are renumbered, not their places
  std::uint32_t axis = 0;
  JointAxes joint;                    // unless empty: the axes from `axis` to the last
  // The axis (of ids: of the table that they select from; of joint axes: all digits, arranged) as a
  // product of these, major first: new[j] = old[index[j]], and for ids new = index[old]. A single
  // one unless joint.
  std::vector<Permutation> index;
};

// What the index vectors of a client map permute: the inner side of its lock, or its factors.
std::vector<AxisMap> index_parts(const PlanLock& map);

// What the plan's client maps are under these permutations of its groups; in the plan's order.
std::vector<ClientMap> client_maps(const Plan& plan, const std::vector<Permutation>& groups);

// What a model declares about an input or output.
struct ClientValue {
  std::string name;
  std::vector<std::int64_t> shape;  // -1: any extent; empty as well where nothing is declared
};

// What is needed to prepare data for an encrypted model without its client graphs.
struct ClientSide {
  std::vector<ClientMap> maps;
  std::vector<ClientValue> inputs, outputs;  // in the model's order
};

// Errors: kInput; kState when the model is not encrypted, or its data does not carry its key; kKey;
// kResult when its manifest was changed.
Result<ClientSide> open_client_side(const std::filesystem::path& model, const KeyOptions& key);

}  // namespace permcrypt
