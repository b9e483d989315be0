// The command line of permcrypt: parses it, runs one subcommand, prints its error, and exits with
// the code that the kind of error stands for.

#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <string>

#include "cli/command.h"
#include "permcrypt/status.h"

namespace permcrypt::cli {
namespace {

using AddCommand = void (*)(CLI::App&, Context&);

// In the order in which --help lists them.
constexpr AddCommand kCommands[] = {
    add_keygen,  add_encrypt, add_token,    add_unlock,     add_decrypt, add_rekey,  add_verify,
    add_inspect, add_run,     add_scramble, add_unscramble, add_split,   add_digest,
};

constexpr std::string_view kExitCodes =
    "Exit codes: 0 done, 1 result wrong or file tampered with, 2 usage, 3 input, 4 output,\n"
    "5 key, 6 nothing to protect or wrong state, 70 defect of permcrypt.";

void build(CLI::App& app, Context& context) {
  app.name("permcrypt");
  app.set_version_flag("--version", "permcrypt " PERMCRYPT_VERSION);
  app.add_option("-j", context.threads, "Threads (default: all cores)")->type_name("N");
  app.add_option("--memory", context.memory, "For buffers, about (default: 256 MB)")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("SIZE");
  app.add_flag("--force", context.force, "Replace existing outputs (never a key)");
  app.add_flag("-q,--quiet", context.quiet, "Print nothing but errors");
  app.add_flag("-v,--verbose", context.verbose,
               "Say in the end how long it took, and in how much memory");
  app.require_subcommand(1);
  app.fallthrough();  // inherited: the options above are understood after a subcommand as well
  app.footer(std::string(kExitCodes));
  for (AddCommand add : kCommands) add(app, context);
  for (CLI::App* command : app.get_subcommands({})) {
    command->footer(
        "Everywhere: -j N  --memory SIZE  --force  -q  -v  --version  (see permcrypt --help)");
  }
}

// What CLI11 says about a command line may quote it, and people do put keys there.
std::string without_keys(std::string text) {
  constexpr std::string_view kSecret = "PERMCRYPT-SECRET-KEY-";
  for (std::size_t at = 0; (at = text.find(kSecret, at)) != std::string::npos;) {
    at += kSecret.size();
    const std::size_t end = text.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", at);
    text.replace(at, end == std::string::npos ? end : end - at, "...");
  }
  return text;
}

// What to do next where the error itself does not know better.
std::string_view general_hint(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kResult:
      return "do not use these files; compare with what you received";
    case ErrorKind::kUsage:
      return "see permcrypt --help";
    case ErrorKind::kInput:
      return "is the file complete? onnx.checker.check_model says more";
    case ErrorKind::kOutput:
      return "choose another place with -o";
    case ErrorKind::kKey:
      return "name the right key file with -k";
    case ErrorKind::kState:
      return "permcrypt inspect FILE shows what it is and why";
    case ErrorKind::kDefect:
      break;
  }
  return "this is a defect of permcrypt: please report it";
}

Error output_lost() {
  return {ErrorKind::kOutput,
          "cannot write to standard output: " + std::string(std::strerror(errno)),
          "is the disk full, or the pipe closed?"};
}

int report(const Error& error) {
  print_message(fmt::format(
      "error: {}\nhint: {}\n", without_keys(error.message),
      error.hint.empty() ? std::string(general_hint(error.kind)) : without_keys(error.hint)));
  return static_cast<int>(error.kind);
}

// What to run, or the error of the command line; --help and --version end here as well.
Result<bool> parse(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return true;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
      app.exit(error);  // prints the help or the version
      return false;
    }
    std::string message = error.what();
    if (!message.empty())
      message[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(message[0])));
    return fail(ErrorKind::kUsage, std::move(message), "see permcrypt --help");
  }
}

// What -v adds.
void say_usage(const Context& context, std::chrono::steady_clock::time_point begin) {
  if (!context.verbose) return;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  context.say(fmt::format("took {:.3f} s, in at most {:.0f} MB of memory", took.count(),
                          static_cast<double>(usage.ru_maxrss) * 1024 / 1e6));
}

int run(int argc, char** argv) {
  const auto begin = std::chrono::steady_clock::now();
  CLI::App app("Makes ONNX models that only work for those who have the key.");
  Context context;
  build(app, context);
  const Result<bool> parsed = parse(app, argc, argv);
  if (!parsed) return report(parsed.error());
  const Result<void> done = *parsed ? context.run() : Result<void>();
  if (!done) return report(done.error());
  if (*parsed) say_usage(context, begin);
  return std::fflush(stdout) == 0 ? 0 : report(output_lost());
}

// A stream that was closed would leave its number to the next file: what is printed then would end
// in a model. What takes its place can only fail.
void occupy_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) != -1) continue;
    const int placed = open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    if (placed != stream) std::_Exit(static_cast<int>(ErrorKind::kDefect));
  }
}

// What large lists were in goes back to the system when they are freed, wherever they lie.
void give_memory_back() {
#ifdef M_MMAP_THRESHOLD
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
#endif
}

}  // namespace
}  // namespace permcrypt::cli

// Without exit handlers: threads of ONNX Runtime that are still at work read what these free.
[[noreturn]] void leave(int status) {
  std::fflush(nullptr);
  std::cout.flush();
  std::_Exit(status);
}

int main(int argc, char** argv) {
  using namespace permcrypt;
  cli::occupy_standard_streams();
  cli::give_memory_back();
  try {
    leave(cli::run(argc, argv));
  } catch (const std::exception& error) {
    if (std::ferror(stdout) != 0) leave(cli::report(cli::output_lost()));
    leave(cli::report({ErrorKind::kDefect, std::string("internal: ") + error.what(),
                       "this is a defect of permcrypt: please report it"}));
  }
}
