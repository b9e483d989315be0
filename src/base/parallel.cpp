#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

namespace permcrypt {
namespace {

// The tasks of one parallel_for, shared by its threads.
class TaskQueue {
 public:
  TaskQueue(std::size_t count, const std::function<Result<void>(std::size_t)>& task)
      : count_(count), task_(task) {}

  void work() {
    while (!stopped_.load(std::memory_order_relaxed)) {
      const std::size_t index = next_.fetch_add(1, std::memory_order_relaxed);
      if (index >= count_) return;
      if (Result<void> result = run(index); !result) record(index, std::move(result.error()));
    }
  }

  Result<void> outcome() && {
    if (error_) return fail(std::move(*error_));
    return {};
  }

 private:
  Result<void> run(std::size_t index) const {
    try {
      return task_(index);
    } catch (const std::exception& thrown) {
      return fail(ErrorKind::kDefect, std::string("a worker thread failed: ") + thrown.what());
    }
  }

  // Every task below a failed one has been started, so the lowest failure is always found.
  void record(std::size_t index, Error error) {
    std::lock_guard lock(mutex_);
    if (!error_ || index < failed_) {
      failed_ = index;
      error_ = std::move(error);
    }
    stopped_ = true;
  }

  const std::size_t count_;
  const std::function<Result<void>(std::size_t)>& task_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;
  std::size_t failed_ = 0;
  std::optional<Error> error_;
};

}  // namespace

unsigned thread_count(unsigned requested) {
  return requested != 0 ? requested : std::max(1u, std::thread::hardware_concurrency());
}

Result<void> parallel_for(std::size_t count, unsigned threads,
                          const std::function<Result<void>(std::size_t)>& task) {
  TaskQueue queue(count, task);
  {
    std::vector<std::jthread> others;
    const std::size_t wanted = std::min<std::size_t>(thread_count(threads), count);
    try {
      while (others.size() + 1 < wanted) others.emplace_back([&queue] { queue.work(); });
    } catch (const std::system_error&) {
      // The system grants no more threads: those that started do the work.
    }
    queue.work();
  }
  return std::move(queue).outcome();
}

}  // namespace permcrypt
