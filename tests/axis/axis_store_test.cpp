#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>

#include "permcrypt/axis.h"

namespace permcrypt {
namespace {

// A form that does not depend on ids: factors are numbered by first appearance.
std::string canonical(AxisStore& store, const std::vector<ExprId>& axes) {
  std::map<ExprId, int> number;
  std::string out;
  const std::function<void(ExprId)> walk = [&](ExprId x) {
    x = store.resolve(x);
    if (!store.any_free(x)) {
      out += "!" + std::to_string(store.size(x));
    } else if (store.kind(x) == AxisStore::Kind::kFactor) {
      const auto it = number.emplace(x, static_cast<int>(number.size())).first;
      out += "f" + std::to_string(it->second) + ":" + std::to_string(store.size(x));
    } else {
      const auto span = store.parts(x);
      const std::vector<ExprId> parts(span.begin(), span.end());
      out += store.kind(x) == AxisStore::Kind::kProduct ? "*(" : "+(";
      for (const ExprId part : parts) {
        walk(part);
        out += " ";
      }
      out += ")";
    }
  };
  for (const ExprId axis : axes) {
    walk(axis);
    out += "; ";
  }
  return out;
}

std::vector<ExprId> free_list(AxisStore& store, std::initializer_list<int> sizes) {
  std::vector<ExprId> out;
  for (const int n : sizes) out.push_back(store.free_factor(n));
  return out;
}

TEST_CASE("merging heads is a product, and two reshapes of one axis agree") {
  AxisStore s;
  const ExprId hidden = s.free_factor(48);
  const auto q = free_list(s, {4, 12}), k = free_list(s, {4, 12});
  s.align({{hidden}}, q);
  s.align({{hidden}}, k);
  s.solve();
  CHECK(canonical(s, {hidden, q[0], k[1]}) == "*(f0:4 f1:12 ); f0:4; f1:12; ");
}

TEST_CASE("fused qkv: a cut of a product keeps the product") {
  AxisStore s;
  const ExprId qkv = s.free_factor(3 * 24);
  const auto parts = free_list(s, {3, 4, 6});
  s.align({{qkv}}, parts);
  const ExprId q = s.cut(qkv, 0, 24), v = s.cut(qkv, 48, 72);
  s.unify(q, v);
  s.solve();
  CHECK(canonical(s, {q, v}) == "*(f0:4 f1:6 ); *(f0:4 f1:6 ); ");
}

TEST_CASE("rotary halves pair by themselves") {
  AxisStore s;
  const ExprId d = s.free_factor(8);
  const ExprId low = s.cut(d, 0, 4), high = s.cut(d, 4, 8);
  const ExprId rotated[] = {high, low};
  s.unify(d, s.sum(rotated));
  CHECK(canonical(s, {d}) == "+(f0:4 f0:4 ); ");
}

TEST_CASE("a cut inside a block leaves what keeps the block and the cut") {
  AxisStore s;
  const auto f = free_list(s, {5, 6});
  const ExprId x = s.product(f);
  const ExprId low = s.cut(x, 0, 14);  // two blocks and two of the third
  CHECK(s.size(low) == 14);
  CHECK(canonical(s, {f[0], f[1]}) == "+(f0:2 !1 f1:2 ); +(f2:2 f3:4 ); ");
}

TEST_CASE("class token and patches") {
  AxisStore s;
  const ExprId positions = s.free_factor(50), patches = s.free_factor(49);
  const ExprId sequence[] = {kUnit, patches};
  s.unify(positions, s.sum(sequence));
  CHECK(canonical(s, {positions, patches}) == "+(!1 f0:49 ); f0:49; ");
}

TEST_CASE("a sum distributes over its minor factors, never the other way") {
  AxisStore s;
  const auto f = free_list(s, {2, 3, 4});
  const ExprId ab[] = {f[0], f[1]};
  const ExprId major[] = {s.sum(ab), f[2]};
  CHECK(canonical(s, {s.product(major)}) == "+(*(f0:2 f1:4 ) *(f2:3 f1:4 ) ); ");
  const ExprId minor[] = {f[2], s.sum(ab)};
  CHECK(canonical(s, {s.product(minor)}) == "*(f0:4 +(f1:2 f2:3 ) ); ");
}

TEST_CASE("misaligned radices wait for help, and pin without it") {
  AxisStore s;
  const auto a = free_list(s, {3, 4}), b = free_list(s, {2, 6});
  s.align(a, b);
  s.solve();
  for (const ExprId f : {a[0], a[1], b[0], b[1]}) CHECK_FALSE(s.any_free(f));
  CHECK(s.why(s.resolve(a[0])) == "misaligned radices");

  AxisStore t;
  const auto x = free_list(t, {6, 4}), y = free_list(t, {4, 6});
  t.align(x, y);  // 6 x 4 against 4 x 6: 2 x 3 x 2 x 2 against 2 x 2 x 2 x 3
  t.pin(x[0], "because");
  t.solve();
  CHECK_FALSE(t.any_free(y[0]));
}

TEST_CASE("pins reach everything that is unified, before and after") {
  AxisStore s;
  const auto f = free_list(s, {7, 7, 7});
  s.unify(f[0], f[1]);
  s.pin(f[1], "graph output");
  s.unify(f[2], f[0]);
  CHECK_FALSE(s.any_free(f[2]));
  CHECK(s.why(s.resolve(f[2])) == "graph output");
}

TEST_CASE("a dynamic extent keeps the static factors inside it free") {
  AxisStore s;
  const ExprId merged = s.dynamic_factor(100'003 * 4);
  const ExprId batch = s.fixed_factor(100'003, "graph input");
  const ExprId heads = s.free_factor(4);
  const ExprId parts[] = {batch, heads};
  s.align({{merged}}, parts);
  CHECK(s.any_free(heads));
  CHECK(s.any_free(merged));
  CHECK_FALSE(s.any_free(batch));
}

TEST_CASE("chains of a hundred thousand merges neither overflow the stack nor take long") {
  AxisStore s;
  std::vector<ExprId> all;
  for (int i = 0; i < 100'000; ++i) all.push_back(s.free_factor(5));
  for (std::size_t i = 1; i < all.size(); ++i) s.unify(all[i - 1], all[i]);
  CHECK(s.resolve(all.front()) == s.resolve(all.back()));
}

// ---------------------------------------------------------------------------- random systems

// What an expression means, whatever its form: for each index, the coordinates of its free factors.
using Meaning = std::vector<std::vector<std::pair<ExprId, std::int64_t>>>;

Meaning meaning_of(AxisStore& s, ExprId x) {
  x = s.resolve(x);
  Meaning out;
  if (s.kind(x) == AxisStore::Kind::kFactor) {
    for (std::int64_t i = 0; i < s.size(x); ++i) {
      out.emplace_back();
      if (s.is_free(x)) out.back().emplace_back(x, i);
    }
    return out;
  }
  const bool product = s.kind(x) == AxisStore::Kind::kProduct;
  if (product) out.emplace_back();
  const auto span = s.parts(x);
  for (const ExprId part : std::vector<ExprId>(span.begin(), span.end())) {
    const Meaning inner = meaning_of(s, part);
    if (!product) {
      out.insert(out.end(), inner.begin(), inner.end());
      continue;
    }
    Meaning next;
    for (const auto& major : out) {
      for (const auto& minor : inner) {
        next.push_back(major);
        next.back().insert(next.back().end(), minor.begin(), minor.end());
      }
    }
    out = std::move(next);
  }
  return out;
}

std::string meaning(AxisStore& s, const std::vector<ExprId>& axes) {
  std::map<ExprId, std::size_t> number;
  std::string out;
  for (const ExprId axis : axes) {
    for (auto index : meaning_of(s, axis)) {
      for (auto& [factor, i] : index) {
        factor = static_cast<ExprId>(number.emplace(factor, number.size()).first->second);
      }
      std::sort(index.begin(), index.end());
      for (const auto& [factor, i] : index) {
        out += std::to_string(factor) + "." + std::to_string(i) + " ";
      }
      out += ",";
    }
    out += ";";
  }
  return out;
}

struct Step {
  int kind;
  std::size_t x, y;
  std::int64_t begin, end;
};

// Axes of one extent, cut and divided and tied at random; steps are data, so they can be shuffled.
std::vector<Step> random_system(std::mt19937& random, std::size_t axes, int steps) {
  std::vector<Step> out;
  const auto pick = [&](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  };
  for (int i = 0; i < steps; ++i) {
    Step step{static_cast<int>(pick(0, 9)), static_cast<std::size_t>(pick(0, axes - 1)),
              static_cast<std::size_t>(pick(0, axes - 1)), 0, 0};
    step.begin = pick(0, 23);
    step.end = pick(step.begin + 1, 24);
    out.push_back(step);
  }
  return out;
}

void apply(AxisStore& s, const std::vector<ExprId>& axes, const Step& step) {
  static const int kRadix[][2] = {{2, 12}, {3, 8}, {4, 6}, {6, 4}, {8, 3}, {12, 2}};
  const ExprId x = axes[step.x], y = axes[step.y];
  if (step.kind < 4) {
    s.unify(x, y);
  } else if (step.kind < 7) {
    const ExprId a = s.cut(x, step.begin, step.end);
    if (step.end - step.begin == 12) s.unify(a, s.cut(y, 0, 12));
  } else if (step.kind < 9) {
    const int* r = kRadix[step.begin % 6];
    s.align({{x}}, {{s.free_factor(r[0]), s.free_factor(r[1])}});
  } else if (step.end - step.begin < 4) {
    s.pin(s.cut(x, step.begin, step.end), "pinned");
  }
}

TEST_CASE("the result does not depend on the order of the steps") {
  std::mt19937 random(7);
  int interesting = 0, different = 0;
  for (int trial = 0; trial < 1500; ++trial) {
    const std::size_t count = 4;
    std::vector<Step> steps = random_system(random, count, 5);
    std::string first;
    for (int order = 0; order < 4; ++order) {
      AxisStore s;
      std::vector<ExprId> axes;
      for (std::size_t i = 0; i < count; ++i) axes.push_back(s.free_factor(24));
      for (const Step& step : steps) apply(s, axes, step);
      s.solve();
      const std::string result = meaning(s, axes);
      if (order == 0) {
        first = result;
        const std::string form = canonical(s, axes);
        interesting += form.find('f') != std::string::npos && form.find('(') != std::string::npos;
      }
      CAPTURE(trial);
      CAPTURE(canonical(s, axes));
      different += result != first;
      std::shuffle(steps.begin(), steps.end(), random);
    }
  }
  CHECK(different == 0);
  CHECK(interesting > 500);  // most systems keep something free and composite
}

TEST_CASE("an axis tied to a shifted copy of itself stays, however long it is") {
  for (const std::int64_t n : {100, 1'000'000}) {
    AxisStore s;
    const ExprId x = s.free_factor(n);
    s.unify(s.cut(x, 0, n - 1), s.cut(x, 1, n));
    s.solve();
    CHECK(s.all_fixed(x));
  }
}

TEST_CASE("cuts within cuts may nest deeply") {
  constexpr std::int64_t kLength = 3'000;
  AxisStore s;
  const ExprId x = s.free_factor(kLength);
  ExprId rest = x;
  for (std::int64_t n = kLength; n > 2; --n) rest = s.cut(rest, 1, n);
  CHECK(s.factors(x).size() == kLength - 1);
  CHECK(s.any_free(x));  // the last two
}

}  // namespace
}  // namespace permcrypt
