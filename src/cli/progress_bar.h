// A line on the terminal that says how far the work is. Nothing where standard error is no
// terminal, with -q, or when the work takes less than a second.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "cli/command.h"
#include "permcrypt/progress.h"

namespace permcrypt::cli {

// "[#########.....................]  31 %  1.2 of 3.9 GB". No colours: NO_COLOR has nothing to ask.
std::string progress_line(std::uint64_t done, std::uint64_t total);

class ProgressBar {
 public:
  explicit ProgressBar(const Context& context);
  ~ProgressBar();  // takes the line away

  // Empty when there is nothing to draw on. Not to be called after the bar has gone.
  Progress callback();

 private:
  struct Line;
  std::unique_ptr<Line> line_;
};

}  // namespace permcrypt::cli
