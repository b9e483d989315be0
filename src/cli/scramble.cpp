// permcrypt scramble and unscramble: what the client graphs of a token do, on files.

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/quote.h"
#include "cli/command.h"
#include "permcrypt/client_map.h"
#include "verify/client_data.h"
#include "verify/data_files.h"
#include "verify/picture.h"

namespace permcrypt::cli {
namespace {

struct Options {
  std::filesystem::path model, data, out;
  KeyOptions key;
};

// A folder may hold the inputs and the outputs of a run side by side.
Result<DataSet> read_outputs(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) return read_data(path);
  auto tensors = read_expected(path);
  if (!tensors) return fail(tensors.error());
  if (tensors->empty()) return fail(ErrorKind::kInput, "there is no output_0.pb in this folder");
  return DataSet{DataLayout::kFolder, {*std::move(tensors)}};
}

std::vector<TensorInfo> named(const std::vector<ClientValue>& values) {
  std::vector<TensorInfo> infos;
  for (const ClientValue& value : values) infos.push_back({value.name, 0, {}});
  return infos;
}

Result<std::vector<TensorData>> mapped(std::vector<TensorData> tensors, const ClientSide& side,
                                       bool enters) {
  return enters ? scrambled(std::move(tensors), side.maps)
                : unscrambled(std::move(tensors), side.maps);
}

// A picture, and what client maps make of it.
Result<DataSet> convert_picture(const Options& options, const ClientSide& side,
                                const Context& context, bool enters) {
  const auto picture = read_picture(options.data);
  if (!picture) return fail(picture.error());
  const auto value = picture_as_value(*picture, enters ? side.inputs : side.outputs);
  if (!value) return fail(value.error());
  const auto converted = mapped({*value}, side, enters);
  if (!converted) return fail(converted.error());
  const auto mixed = channels_move(*value, *picture, side.maps);
  if (!mixed) return fail(mixed.error());
  if (*mixed) {
    context.warn(
        "pixels go to other channels as well: this is right only where all channels are "
        "scaled alike");
  }
  return DataSet{DataLayout::kPng, {{value_as_picture((*converted)[0], *picture)}}};
}

Result<DataSet> convert_tensors(const Options& options, const ClientSide& side, bool enters) {
  auto data = enters ? read_data(options.data) : read_outputs(options.data);
  if (!data) return fail(data.error());
  const auto infos = named(enters ? side.inputs : side.outputs);
  for (std::vector<TensorData>& tensors : data->runs) {
    if (tensors.empty())
      return fail(ErrorKind::kInput, "there is nothing in " + in_quotes(options.data.native()));
    auto bound = bind_inputs(std::move(tensors), infos);
    if (!bound) return fail(bound.error());
    auto converted = mapped(*std::move(bound), side, enters);
    if (!converted) return fail(converted.error());
    tensors = *std::move(converted);
  }
  data->stem = enters ? "input_" : "output_";
  return data;
}

Result<void> convert(const Options& options, const Context& context, bool enters) {
  auto side = open_client_side(options.model, options.key);
  if (!side) return fail(side.error());
  const auto data = is_picture(options.data) ? convert_picture(options, *side, context, enters)
                                             : convert_tensors(options, *side, enters);
  if (!data) return fail(data.error());
  if (auto fits = check_ending(options.out, data->layout); !fits) return fits;
  const IfExists if_exists = context.force ? IfExists::kReplace : IfExists::kRefuse;
  return write_data(options.out, *data, {if_exists}, {options.data, options.model});
}

void add(CLI::App& app, Context& context, const char* name, const char* summary, bool enters) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(name, summary);
  command->add_option("ENCRYPTED", options->model, "What encrypt --carry data wrote")->required();
  command
      ->add_option(enters ? "--inputs" : "--outputs,--inputs", options->data,
                   "A folder of .pb files, a .npz, a .npy, Polygraphy's JSON, or a picture as PNG")
      ->type_name("DATA")
      ->required();
  command->add_option("-o,--output", options->out, "Where to, in the same layout")
      ->type_name("DATA")
      ->required();
  add_key_options(*command, options->key);
  command->callback([options, &context, enters] {
    context.run = [options, &context, enters] { return convert(*options, context, enters); };
  });
}

}  // namespace

void add_scramble(CLI::App& app, Context& context) {
  add(app, context, "scramble", "Prepare data for a model whose data carries the key", true);
}

void add_unscramble(CLI::App& app, Context& context) {
  add(app, context, "unscramble", "Read what such a model gave back", false);
}

}  // namespace permcrypt::cli
