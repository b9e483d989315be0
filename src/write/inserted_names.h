// Names of what permcrypt puts into a graph.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace permcrypt {

// How the name of the graph input that takes the token begins.
inline constexpr std::string_view kKeyInputPrefix = "permcrypt_key";

// All begin with "permcrypt/", but for the input "permcrypt_key". Where a model has such names
// already, each gets a suffix that none of the model's ends with.
class InsertedNames {
 public:
  explicit InsertedNames(const onnx::ModelProto& model);

  std::string key_input() const { return "permcrypt_key" + input_suffix_; }
  std::string split() const { return made("split"); }
  std::string split_sizes() const { return made("sizes"); }
  std::string key(std::size_t lock) const { return made("key" + std::to_string(lock)); }
  std::string locked(std::size_t lock) const { return made("lock" + std::to_string(lock)); }
  // In between, where a lock turns its axis to the front and back: see is_turned, is_gathered.
  std::string turned(std::size_t lock) const { return made("turned" + std::to_string(lock)); }
  std::string gathered(std::size_t lock) const { return made("gathered" + std::to_string(lock)); }
  // Ids of an index lock before they get their type back.
  std::string uncast(std::size_t lock) const { return made("uncast" + std::to_string(lock)); }
  // What an output lock starts from; the name of the output itself goes behind the lock.
  std::string inner(std::size_t output) const { return made("inner" + std::to_string(output)); }

 private:
  std::string made(const std::string& name) const { return "permcrypt/" + name + suffix_; }
  std::string suffix_, input_suffix_;
};

inline bool is_turned(std::string_view value) { return value.starts_with("permcrypt/turned"); }
inline bool is_gathered(std::string_view value) { return value.starts_with("permcrypt/gathered"); }

// The graph input that carries the key in a model that permcrypt wrote: the last one, if its name
// says so and what InsertedNames calls a split takes it; "" otherwise, as in an unlocked copy of a
// model that had an input of such a name.
std::string find_key_input(const onnx::GraphProto& graph);

}  // namespace permcrypt
