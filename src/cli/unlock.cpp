// permcrypt unlock: a private copy that runs without one more input.

#include <filesystem>
#include <memory>
#include <vector>

#include "cli/command.h"
#include "permcrypt/token.h"
#include "verify/token_file.h"

namespace permcrypt::cli {
namespace {

struct Options {
  UnlockRequest request;
  std::filesystem::path token;
};

Result<void> run(Options& options, const Context& context) {
  options.request.force = context.force;
  options.request.threads = context.threads;
  options.request.token_file = options.token;
  const auto token = read_token(options.token);
  if (!token) return fail(token.error());
  const auto vector = to_integers(*token);
  if (!vector) return fail(vector.error());
  const auto files =
      unlock(options.request, std::vector<std::int32_t>(vector->begin(), vector->end()));
  if (!files) return fail(files.error());
  for (const auto& file : *files) context.say("written  " + file.native());
  return {};
}

}  // namespace

void add_unlock(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("unlock", "Write a private copy with the key built in");
  command->add_option("ENCRYPTED", options->request.model, "What encrypt wrote")->required();
  command->add_option("-t,--token", options->token, "The token")->required()->type_name("TOKEN");
  command
      ->add_option("-o,--output", options->request.out,
                   "Default: X.unlocked.onnx beside X.enc.onnx, and OUT.key with the key")
      ->type_name("OUT");
  command->callback([options, &context] {
    context.run = [options, &context] { return run(*options, context); };
  });
}

}  // namespace permcrypt::cli
