#include <memory>

#include "cli/command.h"

namespace permcrypt::cli {

void add_keygen(CLI::App& app, Context& context) {
  auto options = std::make_shared<KeygenOptions>();
  CLI::App* command = app.add_subcommand("keygen", "Write a new secret key");
  command
      ->add_option("-o,--output", options->out,
                   "Key file; - is standard output (default: ~/.config/permcrypt/key)")
      ->type_name("FILE");
  command->add_flag("--passphrase", options->passphrase, "Seal the key with a passphrase");
  command
      ->add_option("--passphrase-fd", options->passphrase_fd,
                   "Seal it with the passphrase read from there")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N");

  const auto run = [options, &context]() -> Result<void> {
    if (options->passphrase_fd) options->passphrase = true;
    const Result<std::string> id = keygen(*options);
    if (!id) return fail(id.error());
    context.say("key id: " + *id);
    return {};
  };
  command->callback([run, &context] { context.run = run; });
}

}  // namespace permcrypt::cli
