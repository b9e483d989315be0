#include "cli/progress_bar.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <mutex>

namespace permcrypt::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kWidth = 30;
constexpr auto kPatience = std::chrono::seconds(1);
constexpr auto kBetween = std::chrono::milliseconds(100);

}  // namespace

std::string progress_line(std::uint64_t done, std::uint64_t total) {
  const double share =
      total == 0 ? 1 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const int filled = static_cast<int>(share * kWidth);
  const bool large = total >= 1'000'000'000;
  const double unit = large ? 1e9 : 1e6;
  return fmt::format("[{:#<{}}{:.<{}}] {:3.0f} %  {:.1f} of {:.1f} {}", "", filled, "",
                     kWidth - filled, 100 * share, share * static_cast<double>(total) / unit,
                     static_cast<double>(total) / unit, large ? "GB" : "MB");
}

struct ProgressBar::Line {
  std::mutex mutex;
  Clock::time_point next = Clock::now() + kPatience;
  bool drawn = false;
};

ProgressBar::ProgressBar(const Context& context) {
  if (!context.quiet && isatty(STDERR_FILENO) != 0) line_ = std::make_unique<Line>();
}

ProgressBar::~ProgressBar() {
  if (line_ && line_->drawn) print_message("\r\x1b[K");
}

Progress ProgressBar::callback() {
  if (!line_) return {};
  return [line = line_.get()](std::uint64_t done, std::uint64_t total) {
    const std::unique_lock lock(line->mutex, std::try_to_lock);
    const auto now = Clock::now();
    if (!lock || now < line->next) return;
    line->next = now + kBetween;
    line->drawn = true;
    print_message(fmt::format("\r{}\x1b[K", progress_line(done, total)));
    std::fflush(stderr);
  };
}

}  // namespace permcrypt::cli
