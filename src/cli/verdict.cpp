#include "cli/verdict.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/quote.h"

namespace permcrypt::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string_view word_for(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPassed:
      return "ok";
    case Outcome::kFailed:
      return "FAILED";
    case Outcome::kSkipped:
      return "skipped";
    case Outcome::kNoted:
      return "note";
  }
  return "";
}

std::string percent(std::uint64_t positions, double share) {
  return positions ? fmt::format("{:.1f} %", 100 * share) : "-";
}

std::string figures_table(const Verdict& verdict) {
  std::string out =
      fmt::format("\n{:<24} {:<20} {:>9} {:>9} {:>9} {:>9} {:>8} {:>9} {:>7}\n", "run", "output",
                  "max abs", "max rel", "mean rel", "p99 rel", "cosine", "tolerance", "top-1");
  for (const OutputFigures& f : verdict.figures) {
    out += fmt::format(
        "{:<24} {:<20} {:>9.2g} {:>9.2g} {:>9.2g} {:>9.2g} {:>8.4f} {:>9.2g} {:>7}\n", f.run,
        printable(f.output, 20), f.max_absolute, f.max_relative, f.mean_relative, f.p99_relative,
        f.cosine, f.smallest_tolerance, percent(f.top_positions, f.top_agreement));
  }
  return out;
}

// How a nearly right key degrades, and what each lock is worth alone.
std::string near_tables(const Verdict& verdict) {
  std::string out;
  if (!verdict.swaps.empty()) {
    out += fmt::format("\n{:<24} {:>9} {:>9} {:>7}\n", "swaps in each lock", "max rel", "mean rel",
                       "top-1");
  }
  for (const SwapFigures& s : verdict.swaps) {
    out +=
        fmt::format("{:<24} {:>9.2g} {:>9.2g} {:>7}\n", s.swaps, s.worth.max_relative,
                    s.worth.mean_relative, percent(s.worth.top_positions, s.worth.top_agreement));
  }
  if (!verdict.locks.empty()) {
    out += fmt::format("\n{:<9} {:<36} {:>6} {:>9} {:>9} {:>9} {:>7}\n", "lock", "alone wrong, on",
                       "size", "bits", "max rel", "mean rel", "top-1");
  }
  for (const LockFigures& l : verdict.locks) {
    out +=
        fmt::format("{:<9} {:<36} {:>6} {:>9.0f} {:>9.2g} {:>9.2g} {:>7}\n", l.kind,
                    printable(l.value, 36), l.size, l.bits, l.worth.max_relative,
                    l.worth.mean_relative, percent(l.worth.top_positions, l.worth.top_agreement));
  }
  return out;
}

Json figures_json(const OutputFigures& f) {
  return {{"run", f.run},
          {"output", f.output},
          {"max_absolute", f.max_absolute},
          {"mean_absolute", f.mean_absolute},
          {"p99_absolute", f.p99_absolute},
          {"max_relative", f.max_relative},
          {"mean_relative", f.mean_relative},
          {"p99_relative", f.p99_relative},
          {"cosine", f.cosine},
          {"smallest_tolerance", f.smallest_tolerance},
          {"differing", f.differing},
          {"top_positions", f.top_positions},
          {"top_agreement", f.top_agreement},
          {"top_chance", f.top_chance}};
}

void add_worth(Json& out, const Worth& worth) {
  out["max_relative"] = worth.max_relative;
  out["mean_relative"] = worth.mean_relative;
  out["top_positions"] = worth.top_positions;
  out["top_agreement"] = worth.top_agreement;
}

}  // namespace

std::string verdict_json(const Verdict& verdict) {
  Json checks = Json::array(), figures = Json::array(), swaps = Json::array(),
       locks = Json::array(), shared = Json::array();
  for (const Check& c : verdict.checks) {
    checks.push_back({{"name", c.name},
                      {"outcome", c.outcome == Outcome::kFailed ? "failed" : word_for(c.outcome)},
                      {"detail", c.detail}});
    if (!c.advice.empty()) checks.back()["advice"] = c.advice;
  }
  for (const OutputFigures& f : verdict.figures) figures.push_back(figures_json(f));
  for (const SwapFigures& s : verdict.swaps) {
    swaps.push_back({{"swaps", s.swaps}});
    add_worth(swaps.back(), s.worth);
  }
  for (const LockFigures& l : verdict.locks) {
    locks.push_back({{"value", l.value},
                     {"axis", l.axis},
                     {"size", l.size},
                     {"kind", l.kind},
                     {"bits", l.bits}});
    add_worth(locks.back(), l.worth);
  }
  for (const SharedTensor& s : verdict.shared) {
    shared.push_back({{"tensor", s.name}, {"bytes", s.bytes}});
  }
  const Json out = {{"passed", verdict.passed()},
                    {"checks", checks},
                    {"figures", figures},
                    {"swaps", swaps},
                    {"locks", locks},
                    {"shared", shared}};
  // Names of a model are bytes, and need not be text.
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string verdict_text(const Verdict& verdict) {
  std::string out;
  for (const Check& check : verdict.checks) {
    out += fmt::format("{:<20} {:<8} {}\n", check.name, word_for(check.outcome), check.detail);
  }
  if (!verdict.figures.empty()) out += figures_table(verdict);
  return out + near_tables(verdict);
}

}  // namespace permcrypt::cli
