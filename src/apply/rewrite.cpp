#include "apply/rewrite.h"

#include <bit>
#include <cstring>

#include "base/quote.h"

namespace permcrypt {
namespace {

static_assert(std::endian::native == std::endian::little, "payloads are little-endian");

template <class T>
bool rewrite(char* data, std::uint64_t count, const Permutation& values) {
  for (std::uint64_t i = 0; i < count; ++i, data += sizeof(T)) {
    T element;
    std::memcpy(&element, data, sizeof(T));
    const auto moved = rewritten(element, values);
    if (!moved) return false;
    element = static_cast<T>(*moved);
    std::memcpy(data, &element, sizeof(T));
  }
  return true;
}

}  // namespace

bool rewrite_integers(char* data, std::uint64_t count, unsigned width, const Permutation& values) {
  return width == 4 ? rewrite<std::int32_t>(data, count, values)
                    : rewrite<std::int64_t>(data, count, values);
}

tl::unexpected<Error> index_out_of_range(std::string_view tensor) {
  return fail(ErrorKind::kInput,
              "tensor " + in_quotes(tensor) + ": an element is no index of the axis it selects from");
}

}  // namespace permcrypt
