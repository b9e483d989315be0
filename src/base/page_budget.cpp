#include "base/page_budget.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace permcrypt {

namespace {

struct Resident {
  std::uint64_t all = 0, of_files = 0;  // bytes
};

std::optional<Resident> resident() {
  static const int descriptor = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  char text[128];
  const ssize_t length = descriptor < 0 ? -1 : ::pread(descriptor, text, sizeof text - 1, 0);
  if (length <= 0) return std::nullopt;
  text[length] = '\0';
  unsigned long long all = 0, resident = 0, shared = 0;  // in pages; "shared": of files
  if (std::sscanf(text, "%llu %llu %llu", &all, &resident, &shared) != 3) return std::nullopt;
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return Resident{resident * page, shared * page};
}

}  // namespace

std::optional<std::uint64_t> mapped_bytes() {
  const auto now = resident();
  return now ? std::optional(now->of_files) : std::nullopt;
}

std::uint64_t beside_heap(std::uint64_t limit, std::uint64_t heap) {
  const std::uint64_t more = heap > kUsualHeap ? heap - kUsualHeap : 0;
  return std::max(limit > more ? limit - more : 0, std::min(limit, kLeastMapped));
}

bool PageBudget::use(std::uint64_t bytes) {
  const std::uint64_t before = spent_.fetch_add(bytes, std::memory_order_relaxed);
  const auto passes = [&](std::uint64_t step) { return before / step != (before + bytes) / step; };
  if (!mapped_before_) return passes(limit_ / kPagesPerRow + 1);
  if (!passes(std::min(kBytesPerLook, limit_))) return false;
  const auto now = resident();
  if (!now) return true;
  const std::uint64_t limit =
      beside_heap(limit_, now->all > now->of_files ? now->all - now->of_files : 0);
  // A file system may map two megabytes for each row that is looked at: what one look finds is
  // within the limit, and the next far beyond it. So room is kept for one more such step.
  const std::uint64_t last = last_.exchange(now->of_files, std::memory_order_relaxed);
  const std::uint64_t step = now->of_files > last ? now->of_files - last : 0;
  std::uint64_t most = step_.load(std::memory_order_relaxed);
  while (step > most && !step_.compare_exchange_weak(most, step)) {
  }
  return now->of_files + std::min(std::max(step, most), limit / 2) > *mapped_before_ + limit;
}

}  // namespace permcrypt
