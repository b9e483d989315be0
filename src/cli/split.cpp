// permcrypt split: a user's head and tail, and a server's body that sees scrambled data only.

#include "permcrypt/split.h"

#include <fmt/core.h>

#include <memory>

#include "base/quote.h"
#include "cli/command.h"

namespace permcrypt::cli {
namespace {

Result<void> run(SplitRequest& request, const Context& context) {
  request.force = context.force;
  request.threads = context.threads;
  const auto done = split(request);
  if (!done) return fail(done.error());
  context.say(fmt::format("cut at   {}{}", in_quotes(done->begin),
                          done->end.empty() ? "" : " and " + in_quotes(done->end)));
  context.say(fmt::format("key      {:.0f} bits", done->key_bits));
  for (const auto& file : done->files) context.say("written  " + file.native());
  return {};
}

}  // namespace

void add_split(CLI::App& app, Context& context) {
  auto request = std::make_shared<SplitRequest>();
  CLI::App* command = app.add_subcommand(
      "split", "Cut a model into a user's head and tail and a server's scrambled body");
  command->add_option("MODEL", request->model, "A .onnx file, or a folder with one model.onnx")
      ->required();
  command
      ->add_option(
          "--at", request->at,
          "Where the body begins, and where it ends (default: the last boundary): a value, "
          "or the number of a boundary between blocks")
      ->type_name("VALUE|N")
      ->expected(1, 2)
      ->required();
  command->add_option("--epoch", request->epoch, "Other permutations for each number")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N");
  command->add_option("-o,--output", request->out, "A folder (default: X.split beside X.onnx)")
      ->type_name("FOLDER");
  add_key_options(*command, request->key);
  command->callback([request, &context] {
    context.run = [request, &context] { return run(*request, context); };
  });
}

}  // namespace permcrypt::cli
