// permcrypt run: a model on given inputs, in ONNX Runtime.

#include <fmt/core.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/quote.h"
#include "cli/command.h"
#include "permcrypt/model.h"
#include "verify/data_files.h"
#include "verify/runtime.h"
#include "verify/token_file.h"
#include "write/encrypted_model.h"

namespace permcrypt::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  fs::path model;
  std::optional<fs::path> token;
  fs::path inputs;
  std::optional<fs::path> output;
};

bool has_tensor(const std::vector<TensorData>& tensors, const std::string& name) {
  return std::ranges::find(tensors, name, &TensorData::name) != tensors.end();
}

bool takes(std::span<const TensorInfo> inputs, const std::string& name) {
  return std::ranges::find(inputs, name, &TensorInfo::name) != inputs.end();
}

// The parts of a token, whichever there are.
struct TokenParts {
  std::optional<TensorData> key;
  std::optional<Session> in, out;  // client graphs
};

Result<TokenParts> open_token(const Options& options, const Context& context) {
  TokenParts token;
  if (!options.token) return token;
  const ClientGraphPaths graphs = client_graph_paths(*options.token);
  std::error_code ignored;
  if (fs::exists(graphs.in, ignored)) {
    for (const auto& [path, session] :
         {std::pair{&graphs.in, &token.in}, {&graphs.out, &token.out}}) {
      Result<Session> opened = Session::open(*path, {.threads = context.threads});
      if (!opened) return fail(opened.error());
      *session = *std::move(opened);
    }
  }
  if (token.in && !fs::exists(*options.token, ignored)) return token;
  if (token.in && options.token->extension() == ".onnx") return token;
  Result<TensorData> key = read_token(*options.token);
  if (!key) return fail(key.error());
  token.key = *std::move(key);
  return token;
}

constexpr std::string_view kScrambled = ".scrambled";

Error takes_no_token(const fs::path& model) {
  return {ErrorKind::kState, in_quotes(model.native()) + " takes no token",
          "leave out -t, or name the encrypted model"};
}

// Puts the token beside the other inputs. With one for a model that takes none, or without one for
// a model that does, there is nothing to run.
Result<void> add_key(std::vector<TensorData>& tensors, const TokenParts& token,
                     const Session& session, const fs::path& model) {
  const std::string& name = session.key_input();
  if (token.key && name.empty()) return fail(takes_no_token(model));
  if (token.key) {
    tensors.push_back(*token.key);
    tensors.back().name = name;
  } else if (takes(session.inputs(), name) && !has_tensor(tensors, name)) {
    return fail(ErrorKind::kInput, in_quotes(model.native()) + " runs with a token only",
                "give the token file with -t");
  }
  return {};
}

// Runs a client graph on what it takes, and passes on the rest as it is.
Result<std::vector<TensorData>> run_client(Session& graph, std::vector<TensorData> tensors) {
  std::vector<TensorData> own, rest;
  for (TensorData& tensor : tensors) {
    (takes(graph.inputs(), tensor.name) ? own : rest).push_back(std::move(tensor));
  }
  Result<std::vector<TensorData>> results = graph.run(own);
  if (!results) return results;
  std::ranges::move(rest, std::back_inserter(*results));
  return results;
}

Result<std::vector<TensorData>> run_once(Session& session, TokenParts& token,
                                         std::vector<TensorData> tensors, const fs::path& model) {
  if (token.in) {
    auto named = bind_inputs(std::move(tensors), token.in->inputs());
    if (!named) return fail(named.error());
    auto scrambled = run_client(*token.in, *std::move(named));
    if (!scrambled) return fail(scrambled.error());
    tensors = *std::move(scrambled);
    for (TensorData& tensor : tensors) {
      if (tensor.name.ends_with(kScrambled)) {
        tensor.name.resize(tensor.name.size() - kScrambled.size());
      }
    }
  }
  if (auto added = add_key(tensors, token, session, model); !added) return fail(added.error());
  Result<std::vector<TensorData>> feeds =
      bind_inputs(std::move(tensors), session.inputs(), session.defaults());
  if (!feeds) return fail(feeds.error());
  Result<std::vector<TensorData>> results = session.run(*feeds);
  if (!results || !token.out) return results;
  for (TensorData& tensor : *results) {
    const std::string scrambled = tensor.name + std::string(kScrambled);
    if (takes(token.out->inputs(), scrambled)) tensor.name = scrambled;
  }
  return run_client(*token.out, *std::move(results));
}

Result<DataSet> run_all(Session& session, const Options& options, const Context& context,
                        bool encrypted, DataSet data) {
  Result<TokenParts> token = open_token(options, context);
  if (!token) return fail(token.error());
  // A plain model would take what the client graphs make, and answer with nonsense.
  if (token->in && !encrypted) return fail(takes_no_token(options.model));
  DataSet outputs{data.layout, {}};
  for (std::vector<TensorData>& tensors : data.runs) {
    auto results = run_once(session, *token, std::move(tensors), options.model);
    if (!results) return fail(results.error());
    outputs.runs.push_back(*std::move(results));
  }
  return outputs;
}

// 'logits'  float32 [1, 10]  0.25 -1.5 ...
void print_outputs(const std::vector<TensorData>& outputs) {
  constexpr std::size_t kShown = 6;
  std::size_t width = 0;
  for (const TensorData& output : outputs) width = std::max(width, in_quotes(output.name).size());
  for (const TensorData& output : outputs) {
    std::string values = "(not shown)";
    if (const auto elements = to_doubles(output)) {
      const auto first = std::span(*elements).first(std::min(kShown, elements->size()));
      values =
          fmt::format("{:.6g}{}", fmt::join(first, " "), elements->size() > kShown ? " ..." : "");
    }
    fmt::print("{:<{}}  {} {}  {}\n", in_quotes(output.name), width, type_name(output.type),
               shape_text(output.shape), values);
  }
}

Result<void> run(const Options& options, const Context& context) {
  Result<DataSet> data = read_data(options.inputs);
  if (!data) return fail(data.error());
  if (options.output) {
    if (auto fits = check_ending(*options.output, data->layout); !fits) return fits;
  }
  const Result<Model> model = read_model(options.model);
  if (!model) return fail(model.error());
  Result<Session> session = Session::open(options.model, {.threads = context.threads});
  if (!session) return fail(session.error());
  const Result<DataSet> outputs =
      run_all(*session, options, context, has_manifest(*model), *std::move(data));
  if (!outputs) return fail(outputs.error());
  if (options.output) {
    const OutputOptions how{context.force ? IfExists::kReplace : IfExists::kRefuse};
    std::vector<fs::path> inputs = paths_of(*model);
    inputs.push_back(options.inputs);
    if (options.token) inputs.push_back(*options.token);
    return write_data(*options.output, *outputs, how, std::move(inputs));
  }
  for (const std::vector<TensorData>& tensors : outputs->runs) print_outputs(tensors);
  return {};
}

}  // namespace

void add_run(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("run", "Run a model in ONNX Runtime");
  command->add_option("MODEL", options->model, "A .onnx file, or a folder with one model.onnx")
      ->required();
  command->add_option("-t,--token", options->token, "The token, for an encrypted model")
      ->type_name("TOKEN");
  command
      ->add_option("--inputs", options->inputs,
                   "A folder of input_0.pb ..., a .npz, or Polygraphy's JSON")
      ->type_name("DATA")
      ->required();
  command
      ->add_option(
          "-o", options->output,
          "Write the outputs in the layout of the inputs (default: print their beginnings)")
      ->type_name("DATA");
  command->callback([options, &context] {
    context.run = [options, &context] { return run(*options, context); };
  });
}

}  // namespace permcrypt::cli
