// The subcommands. Each has one file in this folder, which parses, calls the library, and prints.
//
// To add one: write src/cli/<name>.cpp with a function add_<name> like those below, which adds the
// subcommand, keeps its options in a shared_ptr, and has its callback set context.run. Declare it
// here, and list it in kCommands of src/main.cpp. keygen.cpp is the shortest example.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "permcrypt/apply.h"
#include "permcrypt/key.h"
#include "permcrypt/status.h"

namespace permcrypt::cli {

// The options that every command takes, before or after its name, and what the command line asks
// to be run. Commands return errors; only main.cpp prints them and chooses the exit code.
struct Context {
  unsigned threads = 0;  // -j; 0: all cores
  std::uint64_t memory = kDefaultMemory;  // --memory, in bytes
  bool force = false;    // --force
  bool quiet = false;    // -q
  bool verbose = false;  // -v

  std::function<Result<void>()> run;

  // A line on standard error, unless -q; `warn` puts "warning: " before it.
  void say(std::string_view line) const;
  void warn(std::string_view line) const;
};

void add_keygen(CLI::App& app, Context& context);
void add_encrypt(CLI::App& app, Context& context);
void add_token(CLI::App& app, Context& context);
void add_unlock(CLI::App& app, Context& context);
void add_decrypt(CLI::App& app, Context& context);
void add_rekey(CLI::App& app, Context& context);
void add_verify(CLI::App& app, Context& context);
void add_inspect(CLI::App& app, Context& context);
void add_run(CLI::App& app, Context& context);
void add_scramble(CLI::App& app, Context& context);
void add_unscramble(CLI::App& app, Context& context);
void add_split(CLI::App& app, Context& context);
void add_digest(CLI::App& app, Context& context);

// To standard error. What cannot be printed there is lost: there is nowhere to say so.
void print_message(const std::string& text);

// -k FILE and --passphrase-fd N. `options` must outlive the command.
void add_key_options(CLI::App& command, KeyOptions& options);

}  // namespace permcrypt::cli
