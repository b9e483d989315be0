// See runtime_absent.cpp for builds without ONNX Runtime.
#include "verify/runtime.h"

#ifdef PERMCRYPT_HAVE_RUNTIME

#include <fmt/format.h>
#include <onnx/onnx_pb.h>
#include <onnxruntime_cxx_api.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "base/quote.h"
#include "permcrypt/model.h"
#include "write/inserted_names.h"

namespace permcrypt {
namespace {

// Both enumerations agree as far as int4; later ORT types have no counterpart here.
static_assert(int{ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT} == onnx::TensorProto::FLOAT);
static_assert(int{ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16} == onnx::TensorProto::BFLOAT16);

// The reason in one line. ONNX Runtime's messages may span many, begin with its own source file and
// a mangled signature, and quote names of the model: of a long one, the middle goes.
tl::unexpected<Error> runtime_error(const std::exception& error) {
  constexpr std::size_t kLimit = 400;
  std::string line;
  for (const char c : std::string_view(error.what())) {
    const bool space = static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
    if (!space) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  while (line.ends_with(' ')) line.pop_back();
  if (line.size() > kLimit) line.replace(kLimit / 4, line.size() - kLimit, " ... ");
  return fail(ErrorKind::kInput, "ONNX Runtime: " + line);
}

template <class F>
auto catching(F body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::exception& error) {
    return runtime_error(error);
  }
}

TensorInfo describe(std::string name, const Ort::TypeInfo& type) {
  TensorInfo info;
  info.name = std::move(name);
  if (type.GetONNXType() != ONNX_TYPE_TENSOR) return info;
  const auto tensor = type.GetTensorTypeAndShapeInfo();
  info.type = static_cast<std::int32_t>(tensor.GetElementType());
  const std::vector<std::int64_t> sizes = tensor.GetShape();
  std::vector<const char*> names(sizes.size());
  tensor.GetSymbolicDimensions(names.data(), names.size());
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    info.shape.push_back({sizes[i], sizes[i] < 0 && names[i] != nullptr ? names[i] : ""});
  }
  return info;
}

Ort::SessionOptions to_ort(const SessionOptions& options) {
  Ort::SessionOptions ort;
  ort.SetIntraOpNumThreads(static_cast<int>(options.threads));
  ort.SetGraphOptimizationLevel(options.optimise ? ORT_ENABLE_ALL : ORT_DISABLE_ALL);
  ort.SetLogSeverityLevel(ORT_LOGGING_LEVEL_FATAL);
  return ort;
}

Result<TensorData> from_ort(const std::string& name, const Ort::Value& value) {
  if (!value.IsTensor()) {
    return fail(ErrorKind::kInput, "output " + in_quotes(name) + " is not a tensor");
  }
  const auto info = value.GetTensorTypeAndShapeInfo();
  TensorData tensor{name, static_cast<std::int32_t>(info.GetElementType()), info.GetShape(), {}};
  const auto size = byte_size(tensor.type, tensor.shape);
  if (!size) {
    return fail(ErrorKind::kInput, fmt::format("output {}: elements of {} are not supported",
                                               in_quotes(name), type_name(tensor.type)));
  }
  if (*size > 0) {
    tensor.bytes.assign(static_cast<const char*>(value.GetTensorRawData()), *size);
  }
  return tensor;
}

// The value borrows the tensor's bytes.
Ort::Value to_ort(const TensorData& tensor) {
  const auto memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
  // ONNX Runtime does not write to inputs; its API just has no const.
  return Ort::Value::CreateTensor(memory, const_cast<char*>(tensor.bytes.data()),
                                  tensor.bytes.size(), tensor.shape.data(), tensor.shape.size(),
                                  static_cast<ONNXTensorElementDataType>(tensor.type));
}

}  // namespace

struct Session::Impl {
  Ort::Env env{ORT_LOGGING_LEVEL_FATAL, "permcrypt"};
  std::optional<Ort::Session> session;
  std::vector<TensorInfo> inputs, defaults, outputs;
  std::string key_input;

  void read_interface() {
    Ort::AllocatorWithDefaultOptions allocator;
    for (std::size_t i = 0; i < session->GetInputCount(); ++i) {
      inputs.push_back(describe(session->GetInputNameAllocated(i, allocator).get(),
                                session->GetInputTypeInfo(i)));
    }
    for (std::size_t i = 0; i < session->GetOverridableInitializerCount(); ++i) {
      defaults.push_back(describe(session->GetOverridableInitializerNameAllocated(i, allocator).get(),
                                  session->GetOverridableInitializerTypeInfo(i)));
    }
    for (std::size_t i = 0; i < session->GetOutputCount(); ++i) {
      outputs.push_back(describe(session->GetOutputNameAllocated(i, allocator).get(),
                                 session->GetOutputTypeInfo(i)));
    }
  }
};

bool runtime_available() { return true; }

Result<Session> Session::from_bytes(std::string_view model, std::span<const ExternalBytes> data,
                                    const SessionOptions& options) {
  return catching([&]() -> Result<Session> {
    auto impl = std::make_unique<Impl>();
    Ort::SessionOptions ort = to_ort(options);
    std::vector<std::string> names;
    std::vector<char*> buffers;
    std::vector<std::size_t> sizes;
    for (const ExternalBytes& file : data) {
      names.push_back(file.location);
      buffers.push_back(const_cast<char*>(file.bytes.data()));
      sizes.push_back(file.bytes.size());
    }
    if (!names.empty()) ort.AddExternalInitializersFromFilesInMemory(names, buffers, sizes);
    impl->session.emplace(impl->env, model.data(), model.size(), ort);
    impl->read_interface();
    return Session(std::move(impl));
  });
}

namespace {

bool has(std::span<const TensorInfo> infos, const std::string& name) {
  return std::ranges::find(infos, name, &TensorInfo::name) != infos.end();
}

bool links_out_of_folder(const Model& model) {
  return std::ranges::any_of(model.files, [&](const ModelFile& file) {
    std::error_code failed;
    const auto folder = std::filesystem::canonical(model.files[0].path.parent_path(), failed);
    const auto real = std::filesystem::canonical(file.path, failed);
    return failed || !real.native().starts_with(folder.native() + '/');
  });
}

}  // namespace

Result<Session> Session::open(const std::filesystem::path& path, const SessionOptions& options) {
  const Result<Model> model = read_model(path);
  if (!model) return fail(model.error());
  if (model->files.size() > 1 && links_out_of_folder(*model)) {
    PayloadReader reader(*model);
    std::vector<ExternalBytes> files;
    for (std::uint32_t i = 0; i < model->files.size(); ++i) {
      const auto bytes = reader.bytes({i, 0, model->files[i].size});
      if (!bytes) return fail(bytes.error());
      files.push_back({model->files[i].location, *bytes});
    }
    auto session = from_bytes(files[0].bytes, std::span(files).subspan(1), options);
    if (session) session->impl_->key_input = find_key_input(model->structure.graph());
    return session;
  }
  return catching([&]() -> Result<Session> {
    auto impl = std::make_unique<Impl>();
    impl->key_input = find_key_input(model->structure.graph());
    impl->session.emplace(impl->env, model->files[0].path.c_str(), to_ort(options));
    impl->read_interface();
    return Session(std::move(impl));
  });
}

Result<std::vector<TensorData>> Session::run(std::span<const TensorData> feeds) {
  for (const TensorInfo& input : impl_->inputs) {
    if (std::ranges::find(feeds, input.name, &TensorData::name) == feeds.end()) {
      return fail(ErrorKind::kInput, "no data for the model's input " + in_quotes(input.name));
    }
  }
  std::vector<const char*> names, outputs;
  for (const TensorData& feed : feeds) {
    if (!has(impl_->inputs, feed.name) && !has(impl_->defaults, feed.name)) {
      return fail(ErrorKind::kInput, "the model has no input " + in_quotes(feed.name));
    }
    names.push_back(feed.name.c_str());
  }
  for (const TensorInfo& output : impl_->outputs) outputs.push_back(output.name.c_str());

  return catching([&]() -> Result<std::vector<TensorData>> {
    std::vector<Ort::Value> values;
    for (const TensorData& feed : feeds) values.push_back(to_ort(feed));
    const std::vector<Ort::Value> results =
        impl_->session->Run(Ort::RunOptions{nullptr}, names.data(), values.data(), values.size(),
                            outputs.data(), outputs.size());
    std::vector<TensorData> tensors;
    for (std::size_t i = 0; i < results.size(); ++i) {
      Result<TensorData> tensor = from_ort(outputs[i], results[i]);
      if (!tensor) return fail(tensor.error());
      tensors.push_back(*std::move(tensor));
    }
    return tensors;
  });
}

const std::vector<TensorInfo>& Session::inputs() const { return impl_->inputs; }
const std::vector<TensorInfo>& Session::defaults() const { return impl_->defaults; }
const std::string& Session::key_input() const { return impl_->key_input; }
const std::vector<TensorInfo>& Session::outputs() const { return impl_->outputs; }

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

}  // namespace permcrypt

#endif
