#include "cli/command.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/quote.h"

namespace permcrypt::cli {

void Context::say(std::string_view line) const {
  if (!quiet) print_message(fmt::format("{}\n", line));
}

void Context::warn(std::string_view line) const {
  if (!quiet) print_message(fmt::format("warning: {}\n", printable(line, 1000)));
}

void print_message(const std::string& text) { std::fputs(text.c_str(), stderr); }

void add_key_options(CLI::App& command, KeyOptions& options) {
  command.add_option("-k,--key", options.file, "Key file")->type_name("FILE");
  command.add_option("--passphrase-fd", options.passphrase_fd, "Read the passphrase from there")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N");
}

}  // namespace permcrypt::cli
