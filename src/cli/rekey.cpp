// permcrypt rekey: the same protected model under another key.

#include "permcrypt/rekey.h"

#include <fmt/core.h>

#include <memory>
#include <optional>

#include "cli/command.h"
#include "cli/progress_bar.h"

namespace permcrypt::cli {
namespace {

Result<void> run(RekeyRequest& request, const Context& context) {
  request.force = context.force;
  request.threads = context.threads;
  std::optional<ProgressBar> bar(context);
  request.progress = bar->callback();
  request.memory = context.memory;
  const auto rekeyed = rekey(request);
  bar.reset();
  if (!rekeyed) return fail(rekeyed.error());
  context.say("key id   " + rekeyed->key_id);
  for (const auto& file : rekeyed->files) context.say("written  " + file.native());
  return {};
}

}  // namespace

void add_rekey(CLI::App& app, Context& context) {
  auto request = std::make_shared<RekeyRequest>();
  CLI::App* command = app.add_subcommand("rekey", "Give an encrypted model another key");
  command->add_option("ENCRYPTED", request->model, "What encrypt wrote")->required();
  command->add_option("-o,--output", request->out, "Default: X.rekeyed.onnx beside X.enc.onnx")
      ->type_name("OUT");
  add_key_options(*command, request->key);
  command->add_option("--to", request->to.file, "File of the new key")
      ->type_name("KEY")
      ->required();
  command
      ->add_option("--to-passphrase-fd", request->to.passphrase_fd,
                   "Read the new key's passphrase from this descriptor")
      ->type_name("N");
  command->callback([request, &context] {
    context.run = [request, &context] { return run(*request, context); };
  });
}

}  // namespace permcrypt::cli
