// A Reshape of a value with fibred orders: which axis leads afterwards?
#pragma once

#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "proof/orders.h"

namespace permcrypt::proof {

class FibredReshape {
 public:
  // `from`: all axes, without those of one position; it must outlive this.
  FibredReshape(Orders& orders, std::span<const Axis> from);

  // The next part of `from`, and what it becomes.
  void append(std::span<const Axis> from, Orders::Part part);
  std::vector<Axis> finish();

 private:
  void set(std::size_t axis, std::optional<std::size_t> lead, std::vector<OrderId> orders);

  Orders& orders_;
  const Axis* old_lead_ = nullptr;
  bool lead_moved_ = false;                        // comes apart, or together with others
  std::pair<std::size_t, std::size_t> lead_part_;  // where the part that held it is now
  TermId inner_ = orders_.terms_.constant(1);      // how many positions it has in common there
  std::optional<std::size_t> new_lead_;
  std::set<std::size_t> settled_;  // axes that know their new lead
  std::vector<Axis> axes_;
};

}  // namespace permcrypt::proof
