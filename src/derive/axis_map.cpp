#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "permcrypt/plan.h"

namespace permcrypt {
namespace {

constexpr int kMaxNesting = 256;

tl::unexpected<Error> malformed(std::string_view why) {
  return fail(ErrorKind::kInput, "axis map: " + std::string(why), "the plan is damaged");
}

// Recursive descent over   sum ::= product ('+' product)*   product ::= fibred ('*' fibred)*
//                          fibred ::= atom (':' atom)?      atom ::= number | 'g' number | '(' sum
//                          ')'
// Numbers are decimal without leading zeros, so that a map has one text only.
class Parser {
 public:
  Parser(std::string_view text, const std::vector<std::uint64_t>& group_sizes,
         const std::vector<std::uint64_t>& group_fibres)
      : rest_(text), group_sizes_(group_sizes), group_fibres_(group_fibres) {}

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
    return chain('*', AxisMap::Kind::kProduct, [=, this] { return fibred(nesting); });
  }

  Result<AxisMap> fibred(int nesting) {
    Result<AxisMap> major = atom(nesting);
    if (!major || !take(':')) return major;
    const std::uint64_t outer = std::exchange(fibres_, major->extent);
    Result<AxisMap> minor = atom(nesting);
    fibres_ = outer;
    if (!minor) return minor;
    AxisMap whole;
    whole.kind = AxisMap::Kind::kFibred;
    if (__builtin_mul_overflow(major->extent, minor->extent, &whole.extent)) {
      return malformed("too large");
    }
    whole.parts = {std::move(*major), std::move(*minor)};
    return whole;
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
    if (is_group && *value < group_fibres_.size() && group_fibres_[*value] != 1 &&
        group_fibres_[*value] != fibres_) {
      return malformed("fibres without their axis");
    }
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
  const std::vector<std::uint64_t>&group_sizes_, &group_fibres_;
  std::uint64_t fibres_ = 0;  // indices of the nearest ':' around
};

// The permutation of an axis, all of it or what stands behind one index of a ':'.
class Evaluation {
 public:
  explicit Evaluation(const std::vector<Permutation>& groups) : groups_(groups) {}

  Permutation operator()(const AxisMap& map) {
    switch (map.kind) {
      case AxisMap::Kind::kFixed:
        return Permutation::identity(map.extent);
      case AxisMap::Kind::kGroup:
        return group(map);
      case AxisMap::Kind::kProduct:
        return product(map);
      case AxisMap::Kind::kSum:
        return sum(map);
      case AxisMap::Kind::kFibred:
        return fibred(map);
    }
    return {};
  }

 private:
  Permutation group(const AxisMap& map) {
    const Permutation& all = groups_[map.group];
    if (all.size() == map.extent) return all;
    std::vector<std::uint32_t> one;
    one.reserve(map.extent);
    const std::size_t begin = fibre_ * map.extent;
    for (std::size_t j = 0; j < map.extent; ++j) {
      one.push_back(all[begin + j] - static_cast<std::uint32_t>(begin));
    }
    return Permutation(std::move(one));
  }

  Permutation product(const AxisMap& map) {
    Permutation whole = (*this)(map.parts.front());
    for (std::size_t i = 1; i < map.parts.size(); ++i) {
      whole = Permutation::product(whole, (*this)(map.parts[i]));
    }
    return whole;
  }

  // Not a chain of Permutation::sum: an axis may have thousands of segments.
  Permutation sum(const AxisMap& map) {
    std::vector<std::uint32_t> whole;
    whole.reserve(map.extent);
    for (const AxisMap& part : map.parts) append((*this)(part), whole.size(), whole);
    return Permutation(std::move(whole));
  }

  // A fibre belongs to an index of the original.
  Permutation fibred(const AxisMap& map) {
    const AxisMap& minor = map.parts.back();
    const Permutation major = (*this)(map.parts.front());
    const std::size_t outer = fibre_;
    std::vector<std::uint32_t> whole;
    whole.reserve(map.extent);
    for (const std::uint32_t i : major.old_of_new()) {
      fibre_ = i;
      append((*this)(minor), i * minor.extent, whole);
    }
    fibre_ = outer;
    return Permutation(std::move(whole));
  }

  static void append(const Permutation& part, std::size_t base, std::vector<std::uint32_t>& whole) {
    for (const std::uint32_t i : part.old_of_new()) {
      whole.push_back(static_cast<std::uint32_t>(base) + i);
    }
  }

  const std::vector<Permutation>& groups_;
  std::size_t fibre_ = 0;
};

}  // namespace

bool AxisMap::moves() const {
  return kind == Kind::kGroup ||
         std::any_of(parts.begin(), parts.end(), [](const AxisMap& part) { return part.moves(); });
}

std::string to_string(const AxisMap& map) {
  using Kind = AxisMap::Kind;
  if (map.kind == Kind::kFixed) return std::to_string(map.extent);
  if (map.kind == Kind::kGroup) return std::string("g").append(std::to_string(map.group));
  const char separator = map.kind == Kind::kProduct ? '*' : map.kind == Kind::kSum ? '+' : ':';
  std::string text;
  for (const AxisMap& part : map.parts) {
    if (!text.empty()) text += separator;
    const bool bracket = part.kind == Kind::kSum ||
                         (part.kind == Kind::kProduct && map.kind != Kind::kSum) ||
                         (part.kind == Kind::kFibred && map.kind == Kind::kFibred);
    if (bracket) text += '(';
    text += to_string(part);
    if (bracket) text += ')';
  }
  return text;
}

Result<AxisMap> parse_axis_map(std::string_view text, const std::vector<std::uint64_t>& group_sizes,
                               const std::vector<std::uint64_t>& group_fibres) {
  Result<AxisMap> map = Parser(text, group_sizes, group_fibres).parse();
  if (map && map->moves() && map->extent > std::numeric_limits<std::uint32_t>::max()) {
    return malformed("too large");
  }
  return map;
}

Permutation axis_permutation(const AxisMap& map, const std::vector<Permutation>& groups) {
  return Evaluation(groups)(map);
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
