// permcrypt digest: what a release contains, and whether it still does.

#include "permcrypt/digest.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "base/mapped_file.h"
#include "base/quote.h"
#include "cli/command.h"

namespace permcrypt::cli {
namespace {

struct Options {
  std::filesystem::path model;
  std::optional<std::filesystem::path> check;
  bool json = false;
};

// Names are compared as they stand: a release keeps its files together under the names it was
// published with.
Result<void> compare(const std::vector<FileDigest>& files, const std::filesystem::path& list) {
  const auto text = MappedFile::open(list);
  if (!text) return fail(text.error());
  const auto expected = parse_digests(text->bytes());
  if (!expected) return fail(expected.error());
  for (const FileDigest& file : files) {
    const auto entry = std::ranges::find(*expected, file.name, &FileDigest::name);
    if (entry == expected->end()) {
      return fail(ErrorKind::kResult, in_quotes(file.name) + " is not in the list");
    }
    if (entry->sha256 != file.sha256) {
      return fail(ErrorKind::kResult, in_quotes(file.name) + " is not the file that was listed");
    }
  }
  return {};
}

Result<void> run(const Options& options, const Context& context) {
  const auto files = digest_release(options.model);
  if (!files) return fail(files.error());
  if (!options.check) {
    fmt::print("{}", options.json ? digest_statement(*files) : digest_lines(*files));
    return {};
  }
  if (auto done = compare(*files, *options.check); !done) return done;
  context.say(fmt::format("{} files as listed", files->size()));
  return {};
}

}  // namespace

void add_digest(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("digest", "Print the SHA-256 of every file of a model, for signing");
  command->add_option("MODEL", options->model, "A model, encrypted or not")->required();
  command->add_flag("--json", options->json, "As an in-toto statement");
  command->add_option("--check", options->check, "Compare with what was printed before")
      ->type_name("FILE");
  command->callback([options, &context] {
    context.run = [options, &context] { return run(*options, context); };
  });
}

}  // namespace permcrypt::cli
