#include "proof/joint_order.h"

namespace permcrypt::proof {
namespace {

constexpr std::uint64_t kMost = std::uint64_t{1} << 24;

using Digits = std::vector<std::uint64_t>;

Digits apart(std::uint64_t number, const Digits& radices) {
  Digits out(radices.size());
  for (std::size_t i = radices.size(); i-- > 0;) {
    out[i] = number % radices[i];
    number /= radices[i];
  }
  return out;
}

std::uint64_t together(const Digits& digits, const Digits& radices) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < radices.size(); ++i) out = out * radices[i] + digits[i];
  return out;
}

std::uint64_t product(const Digits& radices) {
  std::uint64_t out = 1;
  for (const std::uint64_t radix : radices) {
    if (radix == 0 || out > kMost / radix) throw NotUnderstood{"axes too long to follow"};
    out *= radix;
  }
  return out;
}

}  // namespace

Index joint_order(const JointAxes& axes, const std::vector<Permutation>& parts) {
  Digits radices, arranged, extents;
  for (const auto& axis : axes.digits) radices.insert(radices.end(), axis.begin(), axis.end());
  for (const std::uint32_t i : axes.order) arranged.push_back(radices.at(i));
  for (const Permutation& part : parts) extents.push_back(part.size());
  const std::uint64_t count = product(radices);
  if (axes.order.size() != radices.size() || product(extents) != count) {
    throw NotUnderstood{"digits that do not fit"};
  }
  Index out(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    const Digits now = apart(i, radices);
    Digits moved;
    for (const std::uint32_t k : axes.order) moved.push_back(now[k]);
    Digits places = apart(together(moved, arranged), extents);
    for (std::size_t k = 0; k < parts.size(); ++k) places[k] = parts[k][places[k]];
    const Digits before = apart(together(places, extents), arranged);
    Digits old(radices.size());
    for (std::size_t k = 0; k < before.size(); ++k) old[axes.order[k]] = before[k];
    out[i] = static_cast<std::uint32_t>(together(old, radices));
  }
  return out;
}

}  // namespace permcrypt::proof
