#include "base/page_budget.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace permcrypt {

std::optional<std::uint64_t> mapped_bytes() {
  static const int descriptor = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  char text[128];
  const ssize_t length = descriptor < 0 ? -1 : ::pread(descriptor, text, sizeof text - 1, 0);
  if (length <= 0) return std::nullopt;
  text[length] = '\0';
  unsigned long long all = 0, resident = 0, shared = 0;  // in pages; "shared": of files
  if (std::sscanf(text, "%llu %llu %llu", &all, &resident, &shared) != 3) return std::nullopt;
  return shared * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

bool PageBudget::use(std::uint64_t bytes) {
  const std::uint64_t before = spent_.fetch_add(bytes, std::memory_order_relaxed);
  const auto passes = [&](std::uint64_t step) { return before / step != (before + bytes) / step; };
  if (!mapped_before_) return passes(limit_ / kPagesPerRow + 1);
  if (!passes(std::min(kBytesPerLook, limit_))) return false;
  const auto now = mapped_bytes();
  return !now || *now > *mapped_before_ + limit_;
}

}  // namespace permcrypt
