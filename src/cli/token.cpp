// permcrypt token: what a licensed user needs to run a model.

#include "permcrypt/token.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "verify/token_file.h"
#include "write/output_names.h"

namespace permcrypt::cli {
namespace {

struct Options {
  std::filesystem::path model;
  std::optional<std::filesystem::path> out, tokenizer;
  KeyOptions key;
};

Result<void> run(const Options& options, const Context& context) {
  const auto out = options.out.value_or(token_name(options.model));
  const IfExists if_exists = context.force ? IfExists::kReplace : IfExists::kRefuse;
  const auto token = make_token(options.model, options.key, options.tokenizer);
  if (!token) return fail(or_blocked_output(token.error(), out, {.if_exists = if_exists}));
  std::vector<std::filesystem::path> inputs{options.model};
  if (options.tokenizer) inputs.push_back(*options.tokenizer);
  const auto written = write_token(out, *token, if_exists, std::move(inputs));
  if (!written) return fail(written.error());
  for (const auto& file : *written) context.say("written  " + file.native());
  return {};
}

}  // namespace

void add_token(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("token", "Write what a licensed user needs to run a model");
  command->add_option("ENCRYPTED", options->model, "What encrypt wrote")->required();
  command
      ->add_option("-o,--output", options->out,
                   "Default: X.enc.token.npz beside X.enc.onnx; when data carries the key, "
                   ".in.onnx and .out.onnx instead of .npz")
      ->type_name("TOKEN");
  command
      ->add_option("--tokenizer", options->tokenizer,
                   "A tokenizer.json to renumber, when data carries the key")
      ->type_name("FILE");
  add_key_options(*command, options->key);
  command->callback([options, &context] {
    context.run = [options, &context] { return run(*options, context); };
  });
}

}  // namespace permcrypt::cli
