#include "cli/command.h"

#include <fmt/core.h>

#include <cstdio>

#include "base/quote.h"

namespace permcrypt::cli {

void Context::say(std::string_view line) const {
  if (!quiet) fmt::print(stderr, "{}\n", line);
}

void Context::warn(std::string_view line) const {
  if (!quiet) fmt::print(stderr, "warning: {}\n", printable(line, 1000));
}

void add_key_options(CLI::App& command, KeyOptions& options) {
  command.add_option("-k,--key", options.file, "Key file")->type_name("FILE");
  command.add_option("--passphrase-fd", options.passphrase_fd, "Read the passphrase from there")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N");
}

}  // namespace permcrypt::cli
