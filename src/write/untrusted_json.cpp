#include "write/untrusted_json.h"

#include <algorithm>

#include "base/hex.h"

namespace permcrypt::untrusted {
namespace {

constexpr int kMaxNesting = 8;

}  // namespace

bool nests_too_deeply(std::string_view json) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxNesting) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

const Json& member(const Json& object, const char* name) {
  require(object.is_object());
  const auto it = object.find(name);
  require(it != object.end());
  return *it;
}

const Json& list(const Json& value) {
  require(value.is_array());
  return value;
}

const Json& tuple(const Json& value, std::size_t size) {
  require(value.is_array() && value.size() == size);
  return value;
}

std::size_t index(const Json& value, std::size_t size) {
  require(size > 0);
  return number<std::size_t>(value, size - 1);
}

std::string bytes(const Json& value) {
  require(value.is_string());
  const auto& text = value.get_ref<const std::string&>();
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x80) {
      out += text[i];
    } else {
      require((lead == 0xc2 || lead == 0xc3) && i + 1 < text.size());
      out += static_cast<char>((lead & 3) << 6 | (text[++i] & 0x3f));
    }
  }
  return out;
}

std::array<std::uint8_t, 32> bytes32(const Json& value) {
  const std::string decoded = need(hex_decode(bytes(value)));
  std::array<std::uint8_t, 32> out;
  require(decoded.size() == out.size());
  std::copy(decoded.begin(), decoded.end(), out.begin());
  return out;
}

}  // namespace permcrypt::untrusted
