// permcrypt verify: right with the key, useless without it?

#include "permcrypt/verify.h"

#include <fmt/core.h>

#include <memory>

#include "base/quote.h"
#include "cli/command.h"

namespace permcrypt::cli {
namespace {

std::string_view word_for(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPassed:
      return "ok";
    case Outcome::kFailed:
      return "FAILED";
    case Outcome::kSkipped:
      return "skipped";
    case Outcome::kNoted:
      return "note";
  }
  return "";
}

void print_figures(const Verdict& verdict) {
  fmt::print("\n{:<24} {:<20} {:>9} {:>9} {:>9} {:>9} {:>8} {:>9} {:>7}\n", "run", "output",
             "max abs", "max rel", "mean rel", "p99 rel", "cosine", "tolerance", "top-1");
  for (const OutputFigures& f : verdict.figures) {
    fmt::print("{:<24} {:<20} {:>9.2g} {:>9.2g} {:>9.2g} {:>9.2g} {:>8.4f} {:>9.2g} {:>7}\n", f.run,
               f.output.substr(0, 20), f.max_absolute, f.max_relative, f.mean_relative,
               f.p99_relative, f.cosine, f.smallest_tolerance,
               f.top_positions ? fmt::format("{:.1f} %", 100 * f.top_agreement) : "-");
  }
}

Result<void> run_verify(VerifyRequest request, const Context& context) {
  request.threads = context.threads;
  request.force = context.force;
  auto verdict = verify(request);
  if (!verdict) return tl::unexpected(verdict.error());
  for (const Check& check : verdict->checks) {
    if (check.outcome == Outcome::kSkipped) context.warn(check.name + ": " + check.detail);
    if (!context.quiet)
      fmt::print("{:<20} {:<8} {}\n", check.name, word_for(check.outcome), check.detail);
  }
  if (!context.quiet && !verdict->figures.empty()) print_figures(*verdict);
  if (const Check* failure = verdict->first_failure()) {
    return fail(ErrorKind::kResult,
                in_quotes(request.encrypted.native()) + " failed the check '" + failure->name +
                    "': " + failure->detail,
                failure->advice);
  }
  return {};
}

}  // namespace

void add_verify(CLI::App& app, Context& context) {
  auto options = std::make_shared<VerifyRequest>();
  CLI::App* command = app.add_subcommand(
      "verify", "Prove that an encrypted model is right with the key and useless without it");
  command->add_option("ENCRYPTED", options->encrypted, "The encrypted .onnx, or its folder")
      ->required();
  command->add_option("--original", options->original, "The model it was made from");
  command->add_option("--inputs", options->inputs, "DATA to run both on (default: made up)");
  command->add_flag("--numeric", options->numeric, "Fail if ONNX Runtime cannot run the models");
  add_key_options(*command, options->key);
  command->callback([options, &context] {
    context.run = [options, &context] { return run_verify(*options, context); };
  });
}

}  // namespace permcrypt::cli
