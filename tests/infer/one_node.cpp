#include "infer/one_node.h"

#include <onnx/defs/parser.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>

#include "infer/line_scanner.h"

namespace permcrypt::testing {
namespace {

using T = onnx::TensorProto;

std::vector<std::int64_t> to_ints(const std::vector<std::string>& words) {
  std::vector<std::int64_t> out;
  for (const std::string& word : words) out.push_back(std::stoll(word));
  return out;
}

struct OperandText {
  std::string name, type;
  std::int64_t below = 0;  // 0: no bound
  std::vector<std::int64_t> shape;
  std::vector<std::string> elements;
  bool initializer = false;
};

OperandText parse_operand(Scanner& s) {
  OperandText o;
  o.name = s.until(":,)");
  if (o.name == "_") return o;
  s.expect(':');
  o.type = s.until("[<");
  if (s.accept('<')) o.below = std::stoll(s.until("["));
  o.shape = to_ints(bracketed(s, '[', ']'));
  if (s.accept('=')) o.elements = bracketed(s, '{', '}');
  o.initializer = s.accept('!');
  return o;
}

std::int32_t element_type(const std::string& type) {
  if (type == "f" || type == "p") return T::FLOAT;
  if (type == "u8") return T::UINT8;
  if (type == "i8") return T::INT8;
  if (type == "i32") return T::INT32;
  if (type == "i64") return T::INT64;
  if (type == "b") return T::BOOL;
  if (type == "s") return T::STRING;
  if (type == "u4") return 21;  // UINT4, younger than the ONNX headers may be
  throw std::invalid_argument("element type " + type);
}

template <class Element>
void append(std::string& bytes, Element element) {
  bytes.append(reinterpret_cast<const char*>(&element), sizeof element);
}

// One element as its type wants it: given, or random.
void append_element(std::string& bytes, const OperandText& o, std::size_t k, std::mt19937& random) {
  const bool given = k < o.elements.size();
  if (o.type == "f" || o.type == "p") {
    const float drawn = o.type == "f" ? std::normal_distribution<float>()(random)
                                      : std::uniform_real_distribution<float>(0.05F, 1)(random);
    return append(bytes, given ? std::stof(o.elements[k]) : drawn);
  }
  const std::int64_t low = o.type == "i8" ? -127 : 0, high = o.type == "b"    ? 1
                                                             : o.type == "i8" ? 127
                                                                              : 255;
  std::uniform_int_distribution<std::int64_t> draw(o.below ? 0 : low, o.below ? o.below - 1 : high);
  const std::int64_t value = given ? std::stoll(o.elements[k]) : draw(random);
  if (o.type == "i64") return append(bytes, value);
  if (o.type == "i32") return append(bytes, static_cast<std::int32_t>(value));
  append(bytes, static_cast<std::uint8_t>(value));
}

TensorData make_tensor(const OperandText& o, std::mt19937& random) {
  TensorData out{o.name, element_type(o.type), o.shape, {}};
  std::size_t n = 1;
  for (const std::int64_t extent : o.shape) n *= static_cast<std::size_t>(extent);
  if (o.type == "u4") n = (n + 1) / 2;
  for (std::size_t k = 0; k < n; ++k) append_element(out.bytes, o, k, random);
  return out;
}

void to_proto(onnx::TensorProto& t, const TensorData& tensor) {
  t.set_name(tensor.name);
  t.set_data_type(tensor.type);
  for (const std::int64_t extent : tensor.shape) t.add_dims(extent);
  t.set_raw_data(tensor.bytes);
}

void set_tensor_type(onnx::TypeProto& out, const TensorData& tensor) {
  auto& type = *out.mutable_tensor_type();
  type.set_elem_type(tensor.type);
  type.mutable_shape();
  for (const std::int64_t extent : tensor.shape)
    type.mutable_shape()->add_dim()->set_dim_value(extent);
}

void add_operand(OneNode& out, const OperandText& o, std::mt19937& random) {
  auto& graph = *out.model.mutable_graph();
  if (o.type == "seq") {
    auto& input = *graph.add_input();
    input.set_name(o.name);
    set_tensor_type(*input.mutable_type()->mutable_sequence_type()->mutable_elem_type(),
                    {"", T::FLOAT, o.shape, {}});
    return;
  }
  const TensorData tensor = make_tensor(o, random);
  if (o.initializer) return to_proto(*graph.add_initializer(), tensor);
  auto& input = *graph.add_input();
  input.set_name(tensor.name);
  set_tensor_type(*input.mutable_type(), tensor);
  out.feeds.push_back(tensor);
}

// A number, if all of the word is one, and whether it is whole.
struct Number {
  bool whole = false;
  std::int64_t i = 0;
  float f = 0;
};

std::optional<Number> to_number(const std::string& word) {
  Number out;
  const char* const last = word.data() + word.size();
  const auto [end, error] = std::from_chars(word.data(), last, out.i);
  out.whole = error == std::errc() && end == last;
  const auto [real_end, real_error] = std::from_chars(word.data(), last, out.f);
  if (real_error != std::errc() || real_end != last) return std::nullopt;
  return out;
}

void set_list(onnx::AttributeProto& attribute, const std::vector<std::string>& words) {
  using A = onnx::AttributeProto;
  std::vector<Number> numbers;
  for (const std::string& word : words) {
    if (const auto number = to_number(word)) numbers.push_back(*number);
  }
  if (numbers.size() < words.size()) {
    attribute.set_type(A::STRINGS);
    for (const std::string& word : words) attribute.add_strings(word);
  } else if (std::ranges::all_of(numbers, &Number::whole)) {
    attribute.set_type(A::INTS);
    for (const Number& number : numbers) attribute.add_ints(number.i);
  } else {
    attribute.set_type(A::FLOATS);
    for (const Number& number : numbers) attribute.add_floats(number.f);
  }
}

void add_attribute(onnx::NodeProto& node, Scanner& s, std::mt19937& random) {
  using A = onnx::AttributeProto;
  auto& attribute = *node.add_attribute();
  attribute.set_name(s.until("="));
  s.expect('=');
  if (s.next_is('[')) return set_list(attribute, bracketed(s, '[', ']'));
  const std::string word = s.until(" ");
  if (word.find('[') != std::string::npos) {
    Scanner value(":" + word);
    attribute.set_type(A::TENSOR);
    to_proto(*attribute.mutable_t(), make_tensor(parse_operand(value), random));
  } else if (const auto number = to_number(word); number && number->whole) {
    attribute.set_type(A::INT);
    attribute.set_i(number->i);
  } else if (number) {
    attribute.set_type(A::FLOAT);
    attribute.set_f(number->f);
  } else {
    attribute.set_type(A::STRING);
    attribute.set_s(word);
  }
}

void name_operator(onnx::NodeProto& node, const std::string& qualified) {
  const std::size_t dot = qualified.rfind('.');
  node.set_op_type(dot == std::string::npos ? qualified : qualified.substr(dot + 1));
  if (dot != std::string::npos) node.set_domain(qualified.substr(0, dot));
}

onnx::ModelProto empty_model(int opset) {
  onnx::ModelProto model;
  model.set_ir_version(10);
  model.mutable_graph()->set_name("one node");
  auto& standard = *model.add_opset_import();
  standard.set_domain("");
  standard.set_version(opset);
  return model;
}

// The version of another domain in the release of ONNX that has an opset of the default one.
int version_of(std::string_view domain, int opset) {
  if (domain == "ai.onnx.ml") return opset >= 22 ? 5 : 3;
  return 1;
}

// A graph in ONNX's own text, whose inputs get random elements.
OneNode parse_graph(std::string_view text, int opset) {
  OneNode out;
  std::mt19937 random(7);
  const std::string whole = "<ir_version: 10, opset_import: [\"\" : " + std::to_string(opset) +
                            "]>\n" + std::string(text);
  const auto status = ONNX_NAMESPACE::OnnxParser::Parse(out.model, whole.c_str());
  if (!status.IsOK()) throw std::invalid_argument(status.ErrorMessage());
  for (const auto& input : out.model.graph().input()) {
    const auto& constants = out.model.graph().initializer();
    if (std::ranges::find(constants, input.name(), &T::name) != constants.end()) continue;
    const auto& type = input.type().tensor_type();
    OperandText o;
    o.name = input.name();
    o.type = type.elem_type() == T::FLOAT ? "f" : type.elem_type() == T::BOOL ? "b" : "i64";
    for (const auto& dim : type.shape().dim()) o.shape.push_back(dim.dim_value());
    out.feeds.push_back(make_tensor(o, random));
  }
  return out;
}

bool is_graph(std::string_view line) { return line.starts_with("g ("); }

}  // namespace

OneNode parse_one_node(std::string_view line, int opset) {
  if (is_graph(line)) return parse_graph(line, opset);
  OneNode out{empty_model(opset), {}};
  std::mt19937 random(7);
  Scanner s{std::string(line)};
  auto& node = *out.model.mutable_graph()->add_node();
  do {
    const std::string name = s.until(",=");
    node.add_output(name == "_" ? "" : name);
    if (name != "_") out.model.mutable_graph()->add_output()->set_name(name);
  } while (s.accept(','));
  s.expect('=');
  name_operator(node, s.until("("));
  s.expect('(');
  while (!s.accept(')')) {
    const OperandText operand = parse_operand(s);
    node.add_input(operand.name == "_" ? "" : operand.name);
    if (operand.name != "_") add_operand(out, operand, random);
    s.accept(',');
  }
  while (!s.done()) add_attribute(node, s, random);
  if (!node.domain().empty()) {
    auto& import = *out.model.add_opset_import();
    import.set_domain(node.domain());
    import.set_version(version_of(node.domain(), opset));
  }
  return out;
}

}  // namespace permcrypt::testing
