#include "verify/runtime.h"

#ifndef PERMCRYPT_HAVE_RUNTIME

namespace permcrypt {

struct Session::Impl {
  std::vector<TensorInfo> nothing;
  std::string no_name;
};

namespace {

tl::unexpected<Error> unavailable() {
  return fail(ErrorKind::kState, "this build of permcrypt has no ONNX Runtime",
              "install ONNX Runtime, or set ONNXRuntime_ROOT, and build again");
}

}  // namespace

bool runtime_available() { return false; }
Result<Session> Session::open(const std::filesystem::path&, const SessionOptions&) {
  return unavailable();
}
Result<Session> Session::from_bytes(std::string_view, std::span<const ExternalBytes>,
                                    const SessionOptions&) {
  return unavailable();
}
Result<std::vector<TensorData>> Session::run(std::span<const TensorData>) { return unavailable(); }
const std::vector<TensorInfo>& Session::inputs() const { return impl_->nothing; }
const std::vector<TensorInfo>& Session::defaults() const { return impl_->nothing; }
const std::string& Session::key_input() const { return impl_->no_name; }
const std::vector<TensorInfo>& Session::outputs() const { return impl_->nothing; }

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

}  // namespace permcrypt

#endif
