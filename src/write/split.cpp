#include "permcrypt/split.h"

#include <algorithm>
#include <limits>
#include <system_error>
#include <utility>

#include "base/output_file.h"
#include "base/quote.h"
#include "lock/flow.h"
#include "permcrypt/encrypt.h"
#include "permcrypt/graph.h"
#include "permcrypt/lock.h"
#include "permcrypt/report.h"
#include "permcrypt/token.h"
#include "write/graph_edits.h"
#include "write/graph_names.h"
#include "write/lock_names.h"
#include "write/manifest.h"
#include "write/model_parts.h"
#include "write/output_names.h"
#include "write/plain_copy.h"

namespace permcrypt {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kScrambled = ".scrambled";
constexpr std::size_t kMaxBytes = std::numeric_limits<std::int32_t>::max();

std::string scrambled_name(const std::string& name) { return name + std::string(kScrambled); }

// The model with all its data, also what lies in data files.
Result<onnx::ModelProto> whole_model(const Model& model, PayloadReader& payloads) {
  const auto file = payloads.bytes({0, 0, model.files[0].size});
  if (!file) return fail(file.error());
  MessageEdits edits(*file, model.frames);
  if (auto taken = take_data_in(model, *file, payloads, kMaxBytes, edits); !taken) {
    return fail(taken.error());
  }
  const std::string bytes = with_edits(*file, edits.finish());
  onnx::ModelProto whole;
  if (bytes.size() > kMaxBytes ||
      !whole.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(ErrorKind::kInput, "the model is too large to be split",
                "split takes models of less than 2 GiB");
  }
  return whole;
}

// Where a model can be cut.
struct Places {
  ValueShapes shapes;
  std::vector<std::string> boundaries;  // between blocks, in order
};

Result<Places> find_places(const Model& model, PayloadReader& payloads) {
  auto graph = build_graph(model, payloads);
  if (!graph) return fail(graph.error());
  auto inference = infer(*graph, {});
  if (!inference) return fail(inference.error());
  Places out;
  const auto is_outside = [&](ValueId v) {
    const GraphValue& value = graph->values[v];
    const NodeId by = value.producer;
    if (by == kNone) return value.scope.empty();
    return graph->nodes[by].body == 0 &&
           (!graph->nodes[by].in_function || !value.returned_as.empty());
  };
  for (ValueId v = 0; v < graph->values.size(); ++v) {
    if (is_outside(v)) out.shapes[file_name(graph->values[v])] = inference->values[v];
  }
  LockOptions options;
  options.internal = Internal::kBlock;
  const auto locked = place_locks(*graph, options);
  const Flow flow(*graph);
  if (!locked) return out;  // no boundaries, but it can be cut at values that have a name
  for (const LockSite& lock : locked->locks) {
    if (lock.kind != LockKind::kBoundary && lock.kind != LockKind::kBlock) continue;
    if (flow.is_constant(lock.value)) continue;  // a lock on a table parts nothing
    if (is_outside(lock.value)) out.boundaries.push_back(file_name(graph->values[lock.value]));
  }
  return out;
}

Result<std::string> find_value(const std::string& at, const Places& places,
                               const onnx::GraphProto& graph) {
  for (const auto& node : graph.node()) {
    if (std::ranges::find(node.output(), at) != node.output().end()) return at;
  }
  std::size_t number = 0;
  for (const char c : at) {
    const bool digit = '0' <= c && c <= '9' && number < 100000;
    number = digit ? 10 * number + static_cast<std::size_t>(c - '0') : kMaxBytes;
  }
  if (number >= 1 && number <= places.boundaries.size()) return places.boundaries[number - 1];
  return fail(ErrorKind::kUsage, in_quotes(at) + " is no place to cut this model",
              places.boundaries.empty() ? "name a value that a node of the main graph computes"
                                        : "name such a value, or a boundary from 1 to " +
                                              std::to_string(places.boundaries.size()));
}

struct Cut {
  std::string begin, end;
};

Result<Cut> find_cut(const SplitRequest& request, const Places& places,
                     const onnx::GraphProto& graph) {
  auto begin = find_value(request.at.at(0), places, graph);
  if (!begin) return fail(begin.error());
  if (request.at.size() > 1) {
    auto end = find_value(request.at[1], places, graph);
    if (!end) return fail(end.error());
    return Cut{*std::move(begin), *std::move(end)};
  }
  Cut cut{*std::move(begin), ""};
  const auto& list = places.boundaries;
  const auto at = std::ranges::find(list, cut.begin);
  if (at != list.end() && at + 1 != list.end()) cut.end = list.back();
  return cut;
}

void append(onnx::GraphProto& to, const onnx::GraphProto& from) {
  to.mutable_node()->MergeFrom(from.node());
  to.mutable_initializer()->MergeFrom(from.initializer());
}

// The graph of one side. The body calls its inputs and outputs NAME.scrambled already, so that its
// client graphs would call them so twice.
Result<onnx::GraphProto> client_graph(const std::string& bytes,
                                      const std::vector<std::string>& values) {
  onnx::ModelProto model;
  if (!model.ParseFromString(bytes)) return fail(ErrorKind::kDefect, "a client graph is no model");
  for (const std::string& name : values) {
    rename_value(*model.mutable_graph(), scrambled_name(name), name);
    rename_value(*model.mutable_graph(), scrambled_name(scrambled_name(name)),
                 scrambled_name(name));
  }
  return std::move(*model.mutable_graph());
}

bool contains(const std::vector<std::string>& list, const std::string& name) {
  return std::ranges::find(list, name) != list.end();
}

// What goes into the body leaves the head scrambled, and plain only where the user needs it too.
void end_scrambled(onnx::ModelProto& head, const ModelParts& parts, const onnx::GraphProto& in) {
  onnx::GraphProto& graph = *head.mutable_graph();
  append(graph, in);
  const auto outputs = graph.output();
  graph.clear_output();
  for (const auto& value : outputs) {
    const bool plain = contains(parts.plain_from_head, value.name());
    const bool given = std::ranges::any_of(
        graph.input(), [&](const auto& input) { return input.name() == value.name(); });
    if (!contains(parts.into_body, value.name()) || (plain && !given)) *graph.add_output() = value;
  }
  graph.mutable_output()->MergeFrom(in.output());
}

void begin_scrambled(onnx::ModelProto& tail, const ModelParts& parts, const onnx::GraphProto& out) {
  onnx::GraphProto& graph = *tail.mutable_graph();
  onnx::GraphProto whole = graph;
  *whole.mutable_node() = out.node();
  whole.mutable_node()->MergeFrom(graph.node());
  whole.mutable_initializer()->MergeFrom(out.initializer());
  *whole.mutable_input() = out.input();
  for (const auto& value : graph.input()) {
    if (!contains(parts.out_of_body, value.name())) *whole.add_input() = value;
  }
  graph = std::move(whole);
}

Result<EncryptReport> encrypt_body(const SplitRequest& request, const fs::path& plain,
                                   const fs::path& out) {
  EncryptRequest encryption;
  encryption.model = plain;
  encryption.out = out;
  encryption.key = request.key;
  encryption.locks.carry = Carry::kData;
  encryption.locks.idle_maps = true;
  if (request.epoch) encryption.licensee = "epoch " + std::to_string(*request.epoch);
  encryption.force = request.force;
  encryption.threads = request.threads;
  return encrypt(encryption).map_error([](Error error) {
    if (error.kind == ErrorKind::kState) {
      error.message = "what lies between the cuts cannot be scrambled: " + error.message;
      error.hint = "cut at another value" + (error.hint.empty() ? "" : ": " + error.hint);
    }
    return error;
  });
}

// Head and tail, around the encrypted body.
Result<void> finish_parts(const SplitRequest& request, const fs::path& body, ModelParts& parts) {
  const auto token = make_token(body, request.key);
  if (!token) return fail(token.error());
  const auto in = client_graph(token->graphs->in, parts.into_body);
  if (!in) return fail(in.error());
  const auto out = client_graph(token->graphs->out, parts.out_of_body);
  if (!out) return fail(out.error());
  end_scrambled(parts.head, parts, *in);
  begin_scrambled(parts.tail, parts, *out);
  return {};
}

Result<SplitReport> write_parts(const SplitRequest& request, const fs::path& folder,
                                ModelParts& parts) {
  SplitReport report;
  report.files = {folder / "head.onnx", folder / "body.onnx", folder / "tail.onnx"};
  OutputSet outputs({model_file(request.model)});
  const OutputOptions options{request.force ? IfExists::kReplace : IfExists::kRefuse, 0600};
  const auto head = outputs.add(report.files[0], options);
  if (!head) return fail(head.error());
  const auto tail = outputs.add(report.files[2], options);
  if (!tail) return fail(tail.error());

  for (const std::string& name : parts.into_body) {
    rename_value(*parts.body.mutable_graph(), name, scrambled_name(name));
  }
  for (const std::string& name : parts.out_of_body) {
    rename_value(*parts.body.mutable_graph(), name, scrambled_name(name));
  }
  PlainCopy plain;
  const auto copy = plain.write(folder, parts.body);
  if (!copy) return fail(copy.error());
  auto encrypted = encrypt_body(request, *copy, report.files[1]);
  if (!encrypted) return fail(encrypted.error());
  report.key_bits = report_analysis(encrypted->analysis).key_bits;

  if (auto done = finish_parts(request, report.files[1], parts); !done) return fail(done.error());
  if (auto done = outputs.write(*head, 0, parts.head.SerializeAsString()); !done) {
    return fail(done.error());
  }
  if (auto done = outputs.write(*tail, 0, parts.tail.SerializeAsString()); !done) {
    return fail(done.error());
  }
  if (auto done = outputs.commit(); !done) return fail(done.error());
  return report;
}

}  // namespace

Result<SplitReport> split(const SplitRequest& request) {
  if (request.at.empty() || request.at.size() > 2) {
    return fail(ErrorKind::kUsage, "a model is cut at one place, or at two");
  }
  const auto model = read_model(request.model);
  if (!model) return fail(model.error());
  if (has_manifest(*model)) {
    return fail(ErrorKind::kState, in_quotes(request.model.native()) + " is already encrypted",
                "decrypt it first, or split the original");
  }
  PayloadReader payloads(*model);
  const auto whole = whole_model(*model, payloads);
  if (!whole) return fail(whole.error());
  const auto places = find_places(*model, payloads);
  if (!places) return fail(places.error());
  const auto cut = find_cut(request, *places, whole->graph());
  if (!cut) return fail(cut.error());
  auto parts = cut_model(*whole, places->shapes, cut->begin, cut->end);
  if (!parts) return fail(parts.error());

  const fs::path folder = request.out.value_or(beside_encrypted(request.model, ".split"));
  std::error_code error;
  const bool made = fs::create_directory(folder, error);
  if (error) return fail(output_error(error.value(), folder));
  auto report = write_parts(request, folder, *parts);
  if (!report) {
    if (made) fs::remove(folder, error);  // only when it is empty
    return report;
  }
  report->begin = cut->begin;
  report->end = cut->end;
  return report;
}

}  // namespace permcrypt
