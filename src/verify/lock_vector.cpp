#include "verify/lock_vector.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <numeric>

#include "permcrypt/key.h"
#include "verify/token_file.h"

namespace permcrypt {

std::vector<LockPart> lock_parts(const Plan& plan) {
  std::vector<LockPart> out;
  const auto add = [&](std::size_t lock, std::uint64_t extent) {
    const std::size_t begin = out.empty() ? 0 : out.back().begin + out.back().size;
    out.push_back({begin, static_cast<std::size_t>(extent), lock});
  };
  for (std::size_t i = 0; i < plan.locks.size(); ++i) {
    if (plan.locks[i].carrier == Carrier::kKey) add(i, plan.locks[i].downstream.extent);
  }
  for (std::size_t i = 0; i < plan.locks.size(); ++i) {
    if (plan.locks[i].carrier == Carrier::kKey) continue;
    for (const AxisMap& part : index_parts(plan.locks[i])) add(i, part.extent);
  }
  return out;
}

std::size_t key_size(const Plan& plan) {
  std::size_t size = 0;
  for (const PlanLock& lock : plan.locks) {
    if (lock.carrier == Carrier::kKey) size += static_cast<std::size_t>(lock.downstream.extent);
  }
  return size;
}

std::vector<std::int32_t> lock_vector(const Plan& plan, const std::vector<Permutation>& groups) {
  std::vector<std::int32_t> out = token_vector(plan, groups);
  for (const ClientMap& map : client_maps(plan, groups)) {
    for (const Permutation& index : map.index) {
      out.insert(out.end(), index.old_of_new().begin(), index.old_of_new().end());
    }
  }
  return out;
}

void set_indices(std::vector<ClientMap>& maps, std::span<const std::int32_t> vector) {
  for (ClientMap& map : maps) {
    for (Permutation& index : map.index) {
      const auto part = vector.first(index.size());
      index = Permutation(std::vector<std::uint32_t>(part.begin(), part.end()));
      vector = vector.subspan(part.size());
    }
  }
}

TensorData key_tensor(std::span<const std::int32_t> vector) {
  TensorData out;
  out.name = kKeyInput;
  out.type = onnx::TensorProto::INT32;
  out.shape = {static_cast<std::int64_t>(vector.size())};
  out.bytes.assign(reinterpret_cast<const char*>(vector.data()), vector.size_bytes());
  return out;
}

std::vector<std::int32_t> identity_vector(std::span<const LockPart> parts) {
  std::vector<std::int32_t> out;
  for (const LockPart& part : parts) {
    const std::size_t begin = out.size();
    out.resize(begin + part.size);
    std::iota(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), 0);
  }
  return out;
}

std::vector<std::int32_t> random_vector(std::span<const LockPart> parts, std::mt19937_64& random) {
  std::vector<std::int32_t> out = identity_vector(parts);
  for (const LockPart& part : parts) {
    // Not std::shuffle: its result differs between standard libraries.
    for (std::size_t i = part.size; i > 1; --i) {
      std::swap(out[part.begin + i - 1], out[part.begin + random() % i]);
    }
  }
  return out;
}

}  // namespace permcrypt
