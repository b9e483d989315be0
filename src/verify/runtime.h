// ONNX Runtime, as far as permcrypt needs it: load a model, ask for its interface, run it.
//
// Built without ONNX Runtime, everything here still links: runtime_available() is false and
// sessions cannot be opened.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "permcrypt/status.h"
#include "verify/tensor_data.h"

namespace permcrypt {

bool runtime_available();

struct SessionOptions {
  bool optimise = true;  // false: ORT_DISABLE_ALL, each node as it is written
  unsigned threads = 0;  // within an operator; 0: all cores
};

// The contents of one external data file. `location` is what the model's tensors call it.
struct ExternalBytes {
  std::string location;
  std::string_view bytes;
};

// A loaded model. Not for concurrent use; move only.
class Session {
 public:
  // Loads a model and its external data from where they lie. Data files that are symbolic links out
  // of the model's folder (as in hub caches), which ONNX Runtime refuses, are handed over in
  // memory. Errors: kInput with ONNX Runtime's reason; kState when built without it.
  static Result<Session> open(const std::filesystem::path& model, const SessionOptions& options);

  // The same from memory. The bytes are copied.
  static Result<Session> from_bytes(std::string_view model, std::span<const ExternalBytes> data,
                                    const SessionOptions& options);

  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  const std::vector<TensorInfo>& inputs() const;  // without those that an initializer backs
  const std::vector<TensorInfo>& defaults() const;  // those: they may be fed, and need not
  const std::vector<TensorInfo>& outputs() const;
  // The input that takes the token, among either; "" when none does, or loaded from memory.
  const std::string& key_input() const;

  // Runs the model on tensors that bind to its inputs by name, in any order, and returns all
  // outputs in the model's order.
  // Errors (kInput): an input without a tensor or a default, or a tensor without an input; ONNX
  // Runtime's own.
  Result<std::vector<TensorData>> run(std::span<const TensorData> feeds);

 private:
  struct Impl;
  explicit Session(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace permcrypt
