// The report for scripts.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "permcrypt/report.h"

namespace permcrypt {
namespace {

using Json = nlohmann::ordered_json;

const char* text_of(const TensorReport& tensor) {
  switch (tensor.protection) {
    case Protection::kBoth:
      return "both";
    case Protection::kOne:
      return "one";
    case Protection::kNone:
      break;
  }
  return "none";
}

Json to_json(const GroupReport& group) {
  Json uses = Json::array();
  for (const auto& use : group.uses) uses.push_back({{"tensor", use.tensor}, {"axis", use.axis}});
  return {{"id", group.id},          {"role", group.role}, {"size", group.size},
          {"free", group.free},      {"bits", group.bits}, {"uses", uses},
          {"fibres", group.fibres},  {"reasons", group.reasons}};
}

// A fibred product is a product like others: that a group has fibres is said of the group.
Json to_json(const std::vector<AxisMap>& maps) {
  Json out = Json::array();
  for (const AxisMap& map : maps) {
    std::string text = to_string(map);
    std::ranges::replace(text, ':', '*');
    out.push_back(std::move(text));
  }
  return out;
}

Json to_json(const TensorReport& tensor) {
  return {{"name", tensor.name},
          {"shape", tensor.shape},
          {"type", tensor.type},
          {"bytes", tensor.bytes},
          {"axes", to_json(tensor.axes)},
          {"protected", text_of(tensor)},
          {"counts", tensor.counts},
          {"kernel", tensor.kernel},
          {"why", tensor.why}};
}

const char* text_of(Carrier carrier) {
  return carrier == Carrier::kKey ? "key" : carrier == Carrier::kInput ? "input" : "output";
}

Json to_json(const LockReport& lock) {
  return {{"value", lock.value},
          {"axis", lock.axis},
          {"size", lock.size},
          {"kind", std::string(to_string(lock.kind))},
          {"bits", lock.bits},
          {"carrier", text_of(lock.carrier)},
          {"axes", lock.axes}};
}

// Axes with fibres over another axis are written without that one.
Json to_json(const PlanCache& cache) {
  std::vector<AxisMap> axes = cache.axes;
  Json leading = Json::array();
  for (std::size_t k = 0; k < axes.size(); ++k) {
    if (cache.leading_of(k) == kNone) continue;
    leading.push_back({k, cache.leading_of(k)});
    axes[k] = AxisMap(axes[k].parts[1]);
  }
  Json out = {{"past", cache.past}, {"present", cache.present}, {"axes", to_json(axes)}};
  if (!leading.empty()) out["leading"] = std::move(leading);
  return out;
}

template <class T>
Json list(const std::vector<T>& items) {
  Json out = Json::array();
  for (const T& item : items) out.push_back(to_json(item));
  return out;
}

}  // namespace

std::string report_json(const Report& report, std::string_view file, std::string_view kind) {
  const Coverage& c = report.coverage;
  Json out = {{"file", file},
              {"kind", kind},
              {"groups", list(report.groups)},
              {"tensors", list(report.tensors)},
              {"coverage",
               {{"weight_bytes", c.weight_bytes},
                {"both", c.both},
                {"one", c.one},
                {"none", c.none},
                {"kernels", c.kernels}}},
              {"locks", list(report.locks)},
              {"caches", list(report.caches)},
              {"unknown_ops", report.unknown_ops},
              {"key_bits", report.key_bits},
              {"group_bits", report.group_bits},
              {"warnings", report.warnings},
              {"notes", report.notes},
              {"advice", report.advice}};
  for (const auto& [name, text] : report.facts) out[name] = text;
  // Names come from the model and need not be UTF-8.
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace permcrypt
