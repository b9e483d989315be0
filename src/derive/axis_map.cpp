#include <algorithm>
#include <charconv>
#include <limits>

#include "permcrypt/plan.h"

namespace permcrypt {
namespace {

constexpr int kMaxNesting = 256;

tl::unexpected<Error> malformed(std::string_view why) {
  return fail(ErrorKind::kInput, "axis map: " + std::string(why), "the plan is damaged");
}

// Recursive descent over   sum ::= product ('+' product)*   product ::= atom ('*' atom)*
//                          atom ::= number | 'g' number | '(' sum ')'
// Numbers are decimal without leading zeros, so that a map has one text only.
class Parser {
 public:
  Parser(std::string_view text, const std::vector<std::uint64_t>& group_sizes)
      : rest_(text), group_sizes_(group_sizes) {}

  Result<AxisMap> parse() {
    Result<AxisMap> map = sum(0);
    if (map && !rest_.empty()) return malformed("unexpected character");
    return map;
  }

 private:
  Result<AxisMap> sum(int nesting) {
    return chain('+', AxisMap::Kind::kSum, [=, this] { return product(nesting); });
  }

  Result<AxisMap> product(int nesting) {
    return chain('*', AxisMap::Kind::kProduct, [=, this] { return atom(nesting); });
  }

  template <class Part>
  Result<AxisMap> chain(char separator, AxisMap::Kind kind, Part part) {
    Result<AxisMap> first = part();
    if (!first || !rest_.starts_with(separator)) return first;
    AxisMap whole;
    whole.kind = kind;
    whole.extent = first->extent;
    whole.parts.push_back(std::move(*first));
    while (take(separator)) {
      Result<AxisMap> next = part();
      if (!next) return next;
      const bool overflow = kind == AxisMap::Kind::kSum
                                ? __builtin_add_overflow(whole.extent, next->extent, &whole.extent)
                                : __builtin_mul_overflow(whole.extent, next->extent, &whole.extent);
      if (overflow) return malformed("too large");
      whole.parts.push_back(std::move(*next));
    }
    return whole;
  }

  Result<AxisMap> atom(int nesting) {
    if (take('(')) {
      if (nesting == kMaxNesting) return malformed("nested too deeply");
      Result<AxisMap> inner = sum(nesting + 1);
      if (inner && !take(')')) return malformed("missing )");
      return inner;
    }
    const bool is_group = take('g');
    const std::optional<std::uint64_t> value = number();
    if (!value) return malformed("expected a number");
    if (is_group && *value >= group_sizes_.size()) return malformed("unknown group");
    AxisMap map;
    map.kind = is_group ? AxisMap::Kind::kGroup : AxisMap::Kind::kFixed;
    map.extent = is_group ? group_sizes_[*value] : *value;
    if (is_group) map.group = static_cast<std::uint32_t>(*value);
    return map;
  }

  std::optional<std::uint64_t> number() {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    const std::size_t digits = end - rest_.data();
    if (error != std::errc() || (digits > 1 && rest_.front() == '0')) return std::nullopt;
    rest_.remove_prefix(digits);
    return value;
  }

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::string_view rest_;
  const std::vector<std::uint64_t>& group_sizes_;
};

Permutation product_permutation(const AxisMap& map, const std::vector<Permutation>& groups) {
  Permutation whole = axis_permutation(map.parts.front(), groups);
  for (std::size_t i = 1; i < map.parts.size(); ++i) {
    whole = Permutation::product(whole, axis_permutation(map.parts[i], groups));
  }
  return whole;
}

// Not a chain of Permutation::sum: an axis may have thousands of segments.
Permutation sum_permutation(const AxisMap& map, const std::vector<Permutation>& groups) {
  std::vector<std::uint32_t> whole;
  whole.reserve(map.extent);
  for (const AxisMap& part : map.parts) {
    const Permutation segment = axis_permutation(part, groups);
    const auto base = static_cast<std::uint32_t>(whole.size());
    for (std::uint32_t i : segment.old_of_new()) whole.push_back(base + i);
  }
  return Permutation(std::move(whole));
}

}  // namespace

bool AxisMap::moves() const {
  return kind == Kind::kGroup ||
         std::any_of(parts.begin(), parts.end(), [](const AxisMap& part) { return part.moves(); });
}

std::string to_string(const AxisMap& map) {
  if (map.kind == AxisMap::Kind::kFixed) return std::to_string(map.extent);
  if (map.kind == AxisMap::Kind::kGroup) return std::string("g").append(std::to_string(map.group));
  const bool is_product = map.kind == AxisMap::Kind::kProduct;
  std::string text;
  for (const AxisMap& part : map.parts) {
    if (!text.empty()) text += is_product ? '*' : '+';
    const bool bracket =
        part.kind == AxisMap::Kind::kSum || (part.kind == AxisMap::Kind::kProduct && is_product);
    if (bracket) text += '(';
    text += to_string(part);
    if (bracket) text += ')';
  }
  return text;
}

Result<AxisMap> parse_axis_map(std::string_view text,
                               const std::vector<std::uint64_t>& group_sizes) {
  Result<AxisMap> map = Parser(text, group_sizes).parse();
  if (map && map->moves() && map->extent > std::numeric_limits<std::uint32_t>::max()) {
    return malformed("too large");
  }
  return map;
}

Permutation axis_permutation(const AxisMap& map, const std::vector<Permutation>& groups) {
  switch (map.kind) {
    case AxisMap::Kind::kFixed:
      return Permutation::identity(map.extent);
    case AxisMap::Kind::kGroup:
      return groups[map.group];
    case AxisMap::Kind::kProduct:
      return product_permutation(map, groups);
    case AxisMap::Kind::kSum:
      return sum_permutation(map, groups);
  }
  return {};
}

std::string_view to_string(LockKind kind) {
  switch (kind) {
    case LockKind::kIndex:
      return "index";
    case LockKind::kInput:
      return "input";
    case LockKind::kOutput:
      return "output";
    case LockKind::kBoundary:
      return "boundary";
    case LockKind::kBlock:
      return "block";
    case LockKind::kAll:
      return "all";
  }
  return "";
}

}  // namespace permcrypt
