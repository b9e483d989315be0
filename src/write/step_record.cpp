#include "write/step_record.h"

#include "write/little_endian.h"

namespace permcrypt {
namespace {

constexpr std::size_t kNumbers = 9;  // before the places

}  // namespace

// Nine numbers, the places, the held row.
std::string record_head(const InPlaceStep& step) {
  const InPlaceCursor& next = step.next;
  std::string out;
  out.reserve(8 * (kNumbers + 2 * step.places.size()) + next.held.size());
  for (const std::uint64_t number :
       {step.file, next.file, next.move, std::uint64_t{next.in_cycle}, next.leader, next.row,
        std::uint64_t{step.places.size()}, std::uint64_t{next.held.size()},
        std::uint64_t{step.bytes.size()}}) {
    append_number(out, number);
  }
  for (const InPlaceStep::Place& place : step.places) {
    append_number(out, place.offset);
    append_number(out, place.length);
  }
  out += next.held;
  return out;
}

std::optional<InPlaceStep> parse_record(std::string_view record) {
  if (record.size() < 8 * kNumbers) return std::nullopt;
  InPlaceStep step;
  step.file = number_at(record, 0);
  step.next = {number_at(record, 8),  number_at(record, 16), number_at(record, 24) != 0,
               number_at(record, 32), number_at(record, 40), {}};
  const std::uint64_t places = number_at(record, 48), held = number_at(record, 56),
                      bytes = number_at(record, 64);
  record.remove_prefix(8 * kNumbers);
  if (places > record.size() / 16 || held > record.size() - 16 * places ||
      bytes != record.size() - 16 * places - held) {
    return std::nullopt;
  }
  std::uint64_t total = 0;
  for (std::uint64_t i = 0; i < places; ++i) {
    const InPlaceStep::Place place{number_at(record, 16 * i), number_at(record, 16 * i + 8)};
    if (place.length > bytes - total) return std::nullopt;
    total += place.length;
    step.places.push_back(place);
  }
  if (total != bytes) return std::nullopt;
  step.next.held = record.substr(16 * places, held);
  step.bytes = record.substr(16 * places + held);
  return step;
}

}  // namespace permcrypt
