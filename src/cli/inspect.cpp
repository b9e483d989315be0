// permcrypt inspect: what is in a model, an encrypted model, a key or a token. Changes nothing.

#include <fmt/core.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "base/hex.h"
#include "base/mapped_file.h"
#include "base/quote.h"
#include "cli/command.h"
#include "permcrypt/report.h"
#include "verify/token_file.h"
#include "write/encrypted_model.h"

namespace permcrypt::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  fs::path file;
  bool json = false;
  std::optional<std::string> explain;
  KeyOptions key;
};

void print_report(const Options& options, const Report& report, std::string_view kind) {
  fmt::print(
      "{}", options.json ? report_json(report, options.file.native(), kind) : inspect_text(report));
}

// Small files of which a few facts say everything. In JSON they come with all members that models
// have, empty, so that scripts need not ask what they read.
using Facts = nlohmann::ordered_json;

void print_facts(const Options& options, std::string_view kind, const Facts& facts) {
  if (options.json) {
    Facts out = Facts::parse(report_json({}, options.file.native(), kind));
    out.update(facts);
    fmt::print("{}\n", out.dump(2, ' ', false, Facts::error_handler_t::replace));
    return;
  }
  fmt::print("kind: {}\n", kind);
  for (const auto& [name, value] : facts.items()) {
    fmt::print("{}: {}\n", name, value.is_string() ? value.get<std::string>() : value.dump());
  }
}

// The head of the file, if it is one: enough to tell what it is.
std::string head_of(const fs::path& path) {
  const auto file = MappedFile::open(path);
  if (!file) return "";
  constexpr std::uint64_t kHead = 4096;
  const auto bytes = file->range(0, std::min(kHead, file->size()));
  return bytes ? std::string(*bytes) : "";
}

Result<void> inspect_token(const Options& options) {
  const auto token = read_token(options.file);
  if (!token) return fail(token.error());
  print_facts(options, "token", {{"entries", token->shape.at(0)}});
  return {};
}

void inspect_key(const Options& options, const KeyFileInfo& info) {
  print_facts(options, "key",
              {{"id", info.id}, {"created", info.created}, {"sealed", info.sealed}});
}

// Without locks where none can sit: the groups are of interest all the same.
Result<Analysis> analyse_somehow(Model model, const Context& context) {
  const fs::path path = model.files[0].path;
  auto analysis = analyse(std::move(model), {});
  if (analysis || analysis.error().kind != ErrorKind::kState) return analysis;
  context.warn(analysis.error().message);
  auto again = read_model(path);
  if (!again) return fail(again.error());
  return analyse_without_locks(*std::move(again), {});
}

Result<void> inspect_model(const Options& options, Model model, const Context& context) {
  auto analysis = analyse_somehow(std::move(model), context);
  if (!analysis) return fail(analysis.error());
  if (!options.explain) {
    print_report(options, report_analysis(*analysis), "model");
    return {};
  }
  const auto text = explain_tensor(*analysis, *options.explain);
  if (!text) return fail(text.error());
  fmt::print("{}", *text);
  return {};
}

// What the key reveals is shown when a key is found; one that was named has to fit.
Result<std::optional<OpenedModel>> open_if_possible(const Options& options,
                                                    const EncryptedModel& encrypted) {
  const bool named = options.key.file.has_value();
  const auto key = find_key(options.key);
  if (!key) {
    if (named) return fail(key.error());
    return std::nullopt;
  }
  auto opened = open_with(*key, encrypted);
  if (opened) return std::optional(*std::move(opened));
  if (named || opened.error().kind != ErrorKind::kKey) return fail(opened.error());
  return std::nullopt;
}

Result<void> inspect_encrypted(const Options& options, Model model) {
  const auto encrypted = as_encrypted(std::move(model));
  if (!encrypted) return fail(encrypted.error());
  if (!encrypted->manifest) return fail(encrypted->manifest.error());
  if (options.explain) {
    return fail(ErrorKind::kState, "an encrypted model does not say why its axes move",
                "explain the original");
  }
  const auto opened = open_if_possible(options, *encrypted);
  if (!opened) return fail(opened.error());
  const OpenManifest& open = encrypted->manifest->open;
  Report report = *opened ? report_encrypted(encrypted->model, (*opened)->sealed.plan)
                          : report_structure(encrypted->model);
  report.facts = {
      {"key_id", open.key_id},
      {"salt", hex_encode({reinterpret_cast<const char*>(open.salt.data()), open.salt.size()})},
      {"plan", *opened ? "opened" : "sealed: no key for it was found"}};
  if (encrypted->key_input.empty()) report.facts.emplace_back("unlocked", "the key is built in");
  if (*opened) {
    for (const auto& option : (*opened)->sealed.options) report.facts.push_back(option);
  }
  print_report(options, report, "encrypted");
  return {};
}

Result<void> run(const Options& options, const Context& context) {
  const std::string head = head_of(options.file);
  const auto key = inspect_key_text(head);
  const bool is_token = head.starts_with("PK");
  if ((is_token || key) && options.explain) {
    return fail(ErrorKind::kUsage, in_quotes(options.file.native()) + " holds no weights to explain",
                "name the model");
  }
  if (is_token) return inspect_token(options);
  if (key) {
    inspect_key(options, *key);
    return {};
  }
  auto model = read_model(options.file);
  if (!model) return fail(model.error());
  if (has_manifest(*model)) return inspect_encrypted(options, *std::move(model));
  return inspect_model(options, *std::move(model), context);
}

}  // namespace

void add_inspect(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("inspect", "Show what is in a model, a key or a token");
  command->add_option("FILE", options->file, "Model, encrypted model, key or token")->required();
  command->add_flag("--json", options->json, "For scripts");
  command->add_option("--explain", options->explain, "Why its axes move, or do not")
      ->type_name("TENSOR");
  add_key_options(*command, options->key);
  command->callback([options, &context] {
    context.run = [options, &context] { return run(*options, context); };
  });
}

}  // namespace permcrypt::cli
