// permcrypt verify: right with the key, useless without it?

#include "permcrypt/verify.h"

#include <fmt/core.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

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

std::string json_of(const Verdict& verdict) {
  nlohmann::ordered_json checks = nlohmann::json::array(), figures = nlohmann::json::array();
  for (const Check& c : verdict.checks) {
    checks.push_back({{"name", c.name},
                      {"outcome", c.outcome == Outcome::kFailed ? "failed" : word_for(c.outcome)},
                      {"detail", c.detail}});
  }
  for (const OutputFigures& f : verdict.figures) {
    figures.push_back({{"run", f.run},
                       {"output", f.output},
                       {"max_absolute", f.max_absolute},
                       {"mean_absolute", f.mean_absolute},
                       {"p99_absolute", f.p99_absolute},
                       {"max_relative", f.max_relative},
                       {"mean_relative", f.mean_relative},
                       {"p99_relative", f.p99_relative},
                       {"cosine", f.cosine},
                       {"smallest_tolerance", f.smallest_tolerance},
                       {"differing", f.differing},
                       {"top_positions", f.top_positions},
                       {"top_agreement", f.top_agreement},
                       {"top_chance", f.top_chance}});
  }
  const nlohmann::ordered_json out = {
      {"passed", verdict.passed()}, {"checks", checks}, {"figures", figures}};
  // Names of a model are bytes, and need not be text.
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

void print_text(const Verdict& verdict) {
  for (const Check& check : verdict.checks) {
    fmt::print("{:<20} {:<8} {}\n", check.name, word_for(check.outcome), check.detail);
  }
  if (!verdict.figures.empty()) print_figures(verdict);
}

struct Options {
  VerifyRequest request;
  bool json = false;
};

Result<void> run_verify(Options options, const Context& context) {
  VerifyRequest& request = options.request;
  request.threads = context.threads;
  request.force = context.force;
  const auto verdict = verify(request);
  if (!verdict) return tl::unexpected(verdict.error());
  for (const Check& check : verdict->checks) {
    if (check.outcome == Outcome::kSkipped) context.warn(check.detail);
  }
  if (options.json) {
    fmt::print("{}\n", json_of(*verdict));
  } else if (!context.quiet) {
    print_text(*verdict);
  }
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
  auto options = std::make_shared<Options>();
  VerifyRequest& request = options->request;
  CLI::App* command = app.add_subcommand(
      "verify", "Prove that an encrypted model is right with the key and useless without it");
  command->add_option("ENCRYPTED", request.encrypted, "The encrypted .onnx, or its folder")
      ->required();
  command->add_option("--original", request.original, "The model it was made from")
      ->type_name("MODEL");
  command->add_option("--inputs", request.inputs, "DATA to run both on (default: made up)")
      ->type_name("DATA");
  command->add_flag("--numeric", request.numeric, "Fail if ONNX Runtime cannot run the models");
  auto* is_static = command->add_flag("--static", request.static_only,
                                      "Only what is proved without running the models");
  command->add_flag("--json", options->json, "The verdict for scripts");
  add_key_options(*command, request.key);
  command->add_option("-t,--token", request.token, "A token instead of the key: fewer checks")
      ->type_name("TOKEN")
      ->excludes("-k");
  auto* record =
      command->add_option("--record", request.record, "Write a known answer")->type_name("FILE");
  command->add_option("--known", request.known, "Check against a known answer")
      ->type_name("FILE")
      ->excludes(record);
  is_static->needs("--original");
  for (const char* other : {"--inputs", "--numeric", "--token", "--record", "--known"}) {
    is_static->excludes(command->get_option(other));
  }
  command->callback([options, &context] {
    context.run = [options, &context] { return run_verify(*options, context); };
  });
}

}  // namespace permcrypt::cli
