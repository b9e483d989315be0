// Random graphs: whatever inference leaves free may be renumbered at random; encrypted, they are
// right with the key; decrypted, they are what they were; and the order of nodes changes nothing.
//
// PERMCRYPT_RANDOM_GRAPHS=FIRST-LAST tries other seeds.
#include "oracle/random_graph.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>

#include "base/temp_folder.h"
#include "infer/equivariance.h"
#include "permcrypt/decrypt.h"
#include "permcrypt/encrypt.h"
#include "permcrypt/token.h"
#include "verify/lock_vector.h"
#include "verify/runtime.h"

using namespace permcrypt;
using namespace permcrypt::testing;

namespace {

using Tensors = std::vector<TensorData>;

// Sums in another order, through a few layers.
bool agree(const TensorData& expected, const TensorData& actual) {
  if (expected.shape != actual.shape) return false;
  const auto x = to_doubles(expected).value(), y = to_doubles(actual).value();
  double largest = 0.02;
  for (const double v : x) largest = std::max(largest, std::isfinite(v) ? std::abs(v) : 0);
  return std::equal(x.begin(), x.end(), y.begin(), [&](double a, double b) {
    return a == b || std::abs(a - b) <= 1e-4 * largest || (std::isnan(a) && std::isnan(b));
  });
}

struct Trial {
  RandomGraph graph;
  std::vector<Tensors> expected;  // per sample
};

// Nothing when the runtime refuses the graph.
std::optional<Trial> prepare(RandomGraph graph, std::string& why) {
  Trial trial{std::move(graph), {}};
  auto session = Session::from_bytes(trial.graph.model.SerializeAsString(), {},
                                     {.optimise = false, .threads = 1});
  if (!session) {
    why = session.error().message;
    return std::nullopt;
  }
  for (const Tensors& feeds : trial.graph.samples) {
    auto results = session->run(feeds);
    if (!results) {
      why = results.error().message;
      return std::nullopt;
    }
    trial.expected.push_back(*std::move(results));
  }
  return trial;
}

// Rounding may tip an integer over in one sample; a relation that is missing shows in nearly all.
template <class Run>
std::string compare(const Trial& trial, Run run) {
  std::string first;
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < trial.expected.size(); ++i) {
    const std::string difference = run(i);
    if (difference.empty()) continue;
    if (first.empty()) first = difference;
    ++wrong;
  }
  return wrong > 1 ? first : "";
}

std::string differing(const Tensors& expected, const Tensors& actual) {
  for (std::size_t k = 0; k < expected.size(); ++k) {
    if (!agree(expected[k], actual[k])) return expected[k].name + " differs";
  }
  return "";
}

// Inputs, outputs and weights renumbered.
std::string check_equivariance(const Trial& trial, std::uint32_t seed) {
  try {
    Analysed analysed({trial.graph.model, {}});
    const auto permutations = analysed.random_permutations(seed);
    const auto model = analysed.permuted_model(permutations);
    auto session =
        Session::from_bytes(model.SerializeAsString(), {}, {.optimise = false, .threads = 1});
    if (!session) return session.error().message;
    return compare(trial, [&](std::size_t i) {
      Tensors feeds, expected;
      for (const auto& t : trial.graph.samples[i])
        feeds.push_back(analysed.permuted(t, permutations));
      for (const auto& t : trial.expected[i])
        expected.push_back(analysed.permuted(t, permutations));
      const auto actual = session->run(feeds);
      return actual ? differing(expected, *actual) : actual.error().message;
    });
  } catch (const std::exception& error) {
    return error.what();
  }
}

// The whole way through files. "" and protected = false where there is nothing to protect.
std::string check_encryption(const Trial& trial, Internal internal, bool& is_protected) {
  const test::TempFolder folder;
  const std::string original = trial.graph.model.SerializeAsString();
  EncryptRequest request;
  request.model = folder.write("m.onnx", original);
  request.key.file = folder.write(
      "key", SecretKey::from_bytes(std::string(SecretKey::kSize, 'r')).to_text() + "\n");
  request.locks.internal = internal;
  request.locks.infer.opaque_caches = false;  // an input that is joined with others is not one
  request.threads = 1;
  const auto encrypted = encrypt(request);
  is_protected = encrypted.has_value();
  if (!encrypted) {
    return encrypted.error().kind == ErrorKind::kState ? "" : encrypted.error().message;
  }
  const auto token = make_token(encrypted->files[0], request.key);
  if (!token) return token.error().message;
  auto session = Session::open(encrypted->files[0], {.optimise = false, .threads = 1});
  if (!session) return session.error().message;
  const std::string difference = compare(trial, [&](std::size_t i) {
    Tensors feeds = trial.graph.samples[i];
    feeds.push_back(key_tensor(*token->vector));
    const auto actual = session->run(feeds);
    return actual ? differing(trial.expected[i], *actual) : actual.error().message;
  });
  if (!difference.empty()) return difference;
  DecryptRequest back;
  back.model = encrypted->files[0];
  back.out = folder.path() / "back.onnx";
  back.key = request.key;
  back.threads = 1;
  const auto decrypted = decrypt(back);
  if (!decrypted) return decrypted.error().message;
  return test::read_all(*back.out) == original ? "" : "decrypted to other bytes";
}

std::string check_order(const Trial& trial, std::uint32_t seed) {
  Analysed one({trial.graph.model, {}}), other({shuffled(trial.graph.model, seed), {}});
  const std::string a = one.partition(), b = other.partition();
  return a == b ? "" : "another partition:\n" + a + "against\n" + b;
}

struct Tally {
  int graphs = 0, refused = 0, protected_graphs = 0;
};

// "" or what is wrong with a graph.
std::string check(const RandomGraph& graph, std::uint32_t seed, Tally& tally) {
  std::string why;
  const auto trial = prepare(graph, why);
  if (!trial) {
    ++tally.refused;
    if (std::getenv("PERMCRYPT_RANDOM_GRAPHS")) MESSAGE("seed ", seed, " refused: ", why);
    return "";
  }
  if (auto wrong = check_equivariance(*trial, seed); !wrong.empty()) return "renumbered: " + wrong;
  if (auto wrong = check_order(*trial, seed); !wrong.empty()) return "order: " + wrong;
  bool is_protected = false;
  constexpr Internal kInternals[] = {Internal::kNone, Internal::kBlock, Internal::kAll};
  const std::string wrong = check_encryption(*trial, kInternals[seed % 3], is_protected);
  tally.protected_graphs += is_protected;
  return wrong.empty() ? "" : "encrypted: " + wrong;
}

// The fewest steps that still go wrong.
std::string shrunk(std::uint32_t seed, std::string wrong) {
  std::set<int> without;
  Tally unused;
  RandomGraph graph = random_graph(seed);
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (int i = static_cast<int>(graph.steps.size()) - 1; i >= 0; --i) {
      if (graph.steps[static_cast<std::size_t>(i)].empty()) continue;
      std::set<int> fewer = without;
      fewer.insert(i);
      RandomGraph candidate = random_graph(seed, fewer);
      const std::string still = check(candidate, seed, unused);
      if (still.empty()) continue;
      without = std::move(fewer);
      graph = std::move(candidate);
      wrong = still;
      smaller = true;
    }
  }
  std::string text = "seed " + std::to_string(seed) + " without {";
  for (const int i : without) text += std::to_string(i) + ",";
  text += "}: " + wrong + "\n  steps:";
  for (const std::string& step : graph.steps) {
    if (!step.empty()) text += " " + step + ";";
  }
  return text;
}

// The seeds to try.
std::pair<std::uint32_t, std::uint32_t> seeds() {
  const char* range = std::getenv("PERMCRYPT_RANDOM_GRAPHS");
  if (!range) return {1, 150};
  char* end = nullptr;
  const auto first = static_cast<std::uint32_t>(std::strtoul(range, &end, 10));
  if (*end != '-') return {first, first};
  return {first, static_cast<std::uint32_t>(std::strtoul(end + 1, nullptr, 10))};
}

}  // namespace

TEST_CASE("random graphs" * doctest::skip(!runtime_available())) {
  const auto [first, last] = seeds();
  Tally tally;
  for (std::uint32_t seed = first; seed <= last; ++seed) {
    ++tally.graphs;
    const std::string wrong = check(random_graph(seed), seed, tally);
    if (!wrong.empty()) FAIL_CHECK(shrunk(seed, wrong));
  }
  MESSAGE(tally.graphs, " graphs, ", tally.refused, " refused by the runtime, ",
          tally.protected_graphs, " encrypted");
  // Else this says little.
  CHECK(tally.refused * 50 <= tally.graphs);
  CHECK(tally.protected_graphs * 10 >= tally.graphs * 9);
}

TEST_CASE("random graphs: the same for a seed, and without a step much the same") {
  const RandomGraph graph = random_graph(5);
  CHECK(graph.model.SerializeAsString() == random_graph(5).model.SerializeAsString());
  const RandomGraph shorter = random_graph(5, {1});
  CHECK(shorter.steps[0] == graph.steps[0]);
  CHECK(shorter.steps[1].empty());
  CHECK(random_graph(6).model.SerializeAsString() != graph.model.SerializeAsString());
}
