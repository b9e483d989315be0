// permcrypt encrypt: a protected copy of a model.

#include "permcrypt/encrypt.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/quote.h"
#include "cli/command.h"
#include "cli/progress_bar.h"
#include "permcrypt/report.h"

namespace permcrypt::cli {
namespace {

struct Options {
  EncryptRequest request;
  std::vector<std::string> dims;
  std::string share;
};

const std::map<std::string, Carry> kCarries = {
    {"key", Carry::kKey}, {"data", Carry::kData}, {"both", Carry::kBoth}};
const std::map<std::string, Internal> kInternals = {
    {"none", Internal::kNone}, {"block", Internal::kBlock}, {"all", Internal::kAll}};
const std::map<std::string, bool> kOpaque = {{"opaque", true}, {"plain", false}};

// NAME=N; a name may itself hold an equals sign.
Result<void> add_dim(const std::string& text, std::map<std::string, std::int64_t>& dims) {
  const std::size_t equals = text.rfind('=');
  std::int64_t extent = 0;
  const auto is_digit = [](char c) { return '0' <= c && c <= '9'; };
  if (equals != std::string::npos && equals > 0) {
    for (const char c : text.substr(equals + 1)) {
      if (!is_digit(c) || extent > (1 << 30)) {
        extent = 0;
        break;
      }
      extent = 10 * extent + (c - '0');
    }
  }
  if (extent <= 0) {
    return fail(ErrorKind::kUsage, "--dim " + in_quotes(text) + " is not NAME=N",
                "as in --dim height=224");
  }
  if (!dims.emplace(text.substr(0, equals), extent).second) {
    return fail(ErrorKind::kUsage, "--dim " + in_quotes(text) + " gives a second extent",
                "a dimension has one");
  }
  return {};
}

// I/N, both from 1.
Result<Share> parse_share(const std::string& text) {
  Share share{0, 0};
  const std::size_t slash = std::min(text.find('/'), text.size());
  const char* const end = text.data() + text.size();
  const char* const middle = text.data() + slash;
  const auto number = std::from_chars(text.data(), middle, share.number);
  if (number.ec == std::errc() && number.ptr == middle && middle != end) {
    const auto count = std::from_chars(middle + 1, end, share.count);
    if (count.ec == std::errc() && count.ptr == end) return share;
  }
  return fail(ErrorKind::kUsage, "--shard " + in_quotes(text) + " is not I/N",
              "as in --shard 3/8, the third of eight");
}

void print_files(const EncryptRequest& request, const std::vector<std::filesystem::path>& files) {
  for (const auto& file : files) {
    fmt::print("{}  {}\n", request.dry_run ? "would be " : "written  ", file.native());
  }
}

Result<void> run(Options& options, const Context& context) {
  EncryptRequest& request = options.request;
  for (const std::string& dim : options.dims) {
    if (auto done = add_dim(dim, request.locks.infer.dims); !done) return done;
  }
  request.force = context.force;
  request.threads = context.threads;
  request.memory = context.memory;
  if (!options.share.empty()) {
    const auto share = parse_share(options.share);
    if (!share) return fail(share.error());
    request.share = *share;
  }
  std::optional<ProgressBar> bar(context);
  request.progress = bar->callback();
  if (request.in_place && !request.dry_run) {
    const auto resumed = resume_in_place(request);
    if (!resumed) return fail(resumed.error());
    if (*resumed) {
      bar.reset();
      if (!context.quiet) print_files(request, (*resumed)->files);
      return {};
    }
  }
  std::vector<std::string> warnings;
  std::string summary;
  request.analysed = [&](Analysis& analysis) {
    const Report report = report_analysis(analysis);
    warnings = report.warnings;
    if (!context.quiet) summary = summary_text(report);
  };
  auto encrypted = encrypt(request);
  bar.reset();
  if (!encrypted) return fail(encrypted.error());
  for (const std::string& warning : warnings) context.warn(warning);
  for (const std::string& name : encrypted->unmatched) {
    context.warn("no tensor of the model is " + in_quotes(name) + " of the checkpoint: it stays");
  }
  if (context.quiet) return {};
  fmt::print("{}", summary);
  if (!encrypted->key_id.empty()) fmt::print("key id     {}\n", encrypted->key_id);
  print_files(request, encrypted->files);
  return {};
}

}  // namespace

void add_encrypt(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  EncryptRequest& request = options->request;
  CLI::App* command = app.add_subcommand("encrypt", "Write a protected copy of a model");
  command->add_option("MODEL", request.model, "A .onnx file, or a folder with one model.onnx")
      ->required();
  command->add_option("-o,--output", request.out, "Default: X.enc.onnx beside X.onnx")
      ->type_name("OUT");
  add_key_options(*command, request.key);
  command
      ->add_option("--carry", request.locks.carry,
                   "How the key comes in: key (an input), data, both")
      ->transform(CLI::CheckedTransformer(kCarries))
      ->type_name("HOW");
  command
      ->add_option("--internal", request.locks.internal, "Locks inside: none (default), block, all")
      ->transform(CLI::CheckedTransformer(kInternals))
      ->type_name("WHERE");
  command
      ->add_option("--cache", request.locks.infer.opaque_caches,
                   "Key-value caches: opaque (in the key's order, default), plain")
      ->transform(CLI::CheckedTransformer(kOpaque))
      ->type_name("ORDER");
  command->add_option("--dim", options->dims, "Extent of a dynamic dimension, if only one fits")
      ->type_name("NAME=N");
  command->add_option("--licensee", request.licensee, "Another name, other permutations")
      ->type_name("NAME");
  command
      ->add_option("--checkpoint", request.checkpoint,
                   "With --carry data: permute the PyTorch checkpoint as well, as OUT.safetensors")
      ->type_name("FILE");
  command->add_flag("--decoy", request.decoy, "The model runs without a key, and gives garbage");
  command->add_flag("--strict", request.strict, "Refuse operators that have no rule");
  command->add_flag("--dry-run", request.dry_run, "Report only; no key is needed");
  command->add_flag("--in-place", request.in_place,
                    "Rewrite the model's own files; after a kill, say it again to go on");
  command->add_option("--shard", options->share, "Only the I-th of N shares of the data files")
      ->type_name("I/N");
  command->add_flag("--finish", request.join, "Make the model of the shares");
  command->callback([options, &context] {
    context.run = [options, &context] { return run(*options, context); };
  });
}

}  // namespace permcrypt::cli
