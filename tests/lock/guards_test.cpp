// What an operator holds still is cut off from the rest by locks around it.
#include "lock/guards.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "infer/inferred.h"
#include "permcrypt/lock.h"

using namespace permcrypt;
using namespace permcrypt::testing;

namespace {

// x times w, summed up along the hidden axis, times v; beside it `more` hidden units that nothing
// holds.
std::string summed(int more) {
  const std::string m = std::to_string(more);
  return "m (float[n,6] x) => (float[n,5] y)\n<" + weights("w", 6, 8) + "," + weights("v", 8, 5) +
         "," + weights("a", 6, more) + "," + weights("b", more, 5) + R"(, int64 axis = {1}>
{
  h = MatMul(x, w)
  s = CumSum(h, axis)
  p = MatMul(s, v)
  g = MatMul(x, a)
  q = MatMul(g, b)
  y = Add(p, q)
})";
}

struct Placed {
  explicit Placed(const std::string& text)
      : model(text), locked(place_locks(model.graph(), {}).value()) {}
  bool free(std::string_view name, std::size_t axis) {
    return locked.inference.axes.any_free(
        locked.inference.values[model.value(name)].axes.at(axis).expr);
  }
  bool has_lock(std::string_view name) const {
    return std::ranges::any_of(
        locked.locks, [&](const LockSite& l) { return l.value == model.value(name); });
  }

  ParsedModel model;
  LockedGraph locked;
};

}  // namespace

TEST_CASE("guards: a lock on each side of what holds an axis frees the weights beyond") {
  Placed placed(summed(2));
  CHECK(placed.has_lock("h"));
  CHECK(placed.has_lock("s"));
  CHECK(placed.free("w", 1));
  CHECK(placed.free("v", 0));
}

TEST_CASE("guards: a lock in front of what chooses among classes") {
  Placed placed("m (float[n,6] x) => (int64[n,1] y)\n<" + weights("w", 6, 8) + "," +
                weights("v", 8, 5) + R"(>
{
  h = MatMul(x, w)
  r = Relu(h)
  s = MatMul(r, v)
  y = ArgMax <axis = 1> (s)
})");
  CHECK(placed.has_lock("s"));
  CHECK(placed.free("v", 1));
}

TEST_CASE("guards: a lock in front of what chooses among classes that are a result as well") {
  Placed placed("m (float[n,6] x) => (int64[n,1] y, float[n,5] p)\n<" + weights("w", 6, 8) + "," +
                weights("v", 8, 5) + R"(>
{
  h = MatMul(x, w)
  r = Relu(h)
  s = MatMul(r, v)
  p = Softmax(s)
  y = ArgMax <axis = 1> (p)
})");
  const auto on_p = std::ranges::count_if(
      placed.locked.locks, [&](const LockSite& l) { return l.value == placed.model.value("p"); });
  CHECK(on_p == 2);  // for the user, and for ArgMax
  CHECK(placed.free("v", 1));
}

TEST_CASE("guards: a lock in front of what merges an axis with an open extent") {
  Placed placed("m (float[1,n,6] x) => (float[1,k] y)\n<" + weights("w", 6, 8) + "," +
                weights("v", 8, 5) + R"(, int64[2] flat = {1, -1}>
{
  h = MatMul(x, w)
  r = Relu(h)
  s = MatMul(r, v)
  y = Reshape(s, flat)
})");
  CHECK(placed.has_lock("s"));
  CHECK(placed.free("v", 1));
}

TEST_CASE("guards: not for a trifle") {
  Placed placed(summed(4000));
  CHECK(!placed.has_lock("h"));
  CHECK(!placed.has_lock("s"));
  CHECK(!placed.free("w", 1));
  CHECK(placed.free("a", 1));
}

TEST_CASE("guards: only where an axis is held") {
  ParsedModel model(summed(2));
  Inference inference = infer(model.graph(), {}).value();
  const auto guards =
      find_guards(model.graph(), inference, Flow(model.graph()), model.graph().values.size());
  for (const LockSite& lock : guards) {
    CHECK(lock.axis == 1);
    CHECK((lock.value == model.value("h") || lock.value == model.value("s") ||
           lock.value == model.value("y") || lock.value == model.value("p") ||
           lock.value == model.value("q")));
  }
  CHECK(!guards.empty());
}
