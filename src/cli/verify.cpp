// permcrypt verify: right with the key, useless without it?

#include "permcrypt/verify.h"

#include <fmt/core.h>

#include <memory>
#include <string>

#include "base/quote.h"
#include "cli/command.h"
#include "cli/verdict.h"

namespace permcrypt::cli {
namespace {

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
    fmt::print("{}\n", verdict_json(*verdict));
  } else if (!context.quiet) {
    fmt::print("{}", verdict_text(*verdict));
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
  command->add_flag("--changed-weights", request.changed_weights,
                    "Training, casting or re-saving was meant: weights may differ, the rest may not");
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
  for (const char* other :
       {"--inputs", "--numeric", "--token", "--record", "--known", "--changed-weights"}) {
    is_static->excludes(command->get_option(other));
  }
  command->callback([options, &context] {
    context.run = [options, &context] { return run_verify(*options, context); };
  });
}

}  // namespace permcrypt::cli
