// permcrypt decrypt: the original files back.

#include "permcrypt/decrypt.h"

#include <fmt/core.h>

#include <memory>
#include <optional>

#include "cli/command.h"
#include "cli/progress_bar.h"

namespace permcrypt::cli {
namespace {

Result<void> run(DecryptRequest& request, const Context& context) {
  request.force = context.force;
  request.threads = context.threads;
  std::optional<ProgressBar> bar(context);
  request.progress = bar->callback();
  request.memory = context.memory;
  const auto decrypted = decrypt(request);
  bar.reset();
  if (!decrypted) return fail(decrypted.error());
  if (decrypted->changed && !decrypted->recorded) {
    context.warn(
        "the file does not record its graph: whether that was changed as well is not known");
  }
  for (const auto& file : decrypted->files) context.say("written  " + file.native());
  if (decrypted->changed) context.say("the weights were changed: this is not the original");
  return {};
}

}  // namespace

void add_decrypt(CLI::App& app, Context& context) {
  auto request = std::make_shared<DecryptRequest>();
  CLI::App* command = app.add_subcommand("decrypt", "Restore the original, byte for byte");
  command->add_option("ENCRYPTED", request->model, "What encrypt wrote")->required();
  command->add_option("-o,--output", request->out, "Default: X.dec.onnx beside X.enc.onnx")
      ->type_name("OUT");
  command
      ->add_option("--checkpoint", request->checkpoint,
                   "Restore its checkpoint as well, trained or not: OUT with .safetensors")
      ->type_name("FILE");
  command->add_flag(
      "--changed-weights", request->changed_weights,
      "Training, casting or re-saving was meant: weights may differ, the rest may not");
  add_key_options(*command, request->key);
  command->callback([request, &context] {
    context.run = [request, &context] { return run(*request, context); };
  });
}

}  // namespace permcrypt::cli
