#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>

#include "base/hex.h"
#include "write/sealed_plan.h"

namespace permcrypt {
namespace {

using Json = nlohmann::json;

// JSON holds text, names and edits hold bytes: byte b is the code point U+00b.
std::string text(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xc0 | byte >> 6);
      out += static_cast<char>(0x80 | (byte & 0x3f));
    }
  }
  return out;
}

std::string hex(const std::array<std::uint8_t, 32>& bytes) {
  return hex_encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

// A list in which each string is once.
class StringTable {
 public:
  std::size_t number(std::string value) {
    const auto [entry, is_new] = numbers_.try_emplace(std::move(value), list_.size());
    if (is_new) list_.push_back(text(entry->first));
    return entry->second;
  }
  Json take() { return std::move(list_); }

 private:
  std::unordered_map<std::string, std::size_t> numbers_;
  Json list_ = Json::array();
};

// The same of views.
class ViewTable {
 public:
  std::size_t number(Json view) {
    const auto [entry, is_new] = numbers_.try_emplace(view.dump(), list_.size());
    if (is_new) list_.push_back(std::move(view));
    return entry->second;
  }
  Json take() { return std::move(list_); }

 private:
  std::unordered_map<std::string, std::size_t> numbers_;
  Json list_ = Json::array();
};

// Distances from where the last span of the same file ended.
class Gaps {
 public:
  std::uint64_t next(std::uint32_t file, std::uint64_t offset, std::uint64_t length) {
    if (file != file_) end_ = 0;
    file_ = file;
    const std::uint64_t gap = offset - end_;
    end_ = offset + length;
    return gap;
  }

 private:
  std::uint32_t file_ = 0;
  std::uint64_t end_ = 0;
};

Json groups_json(const Plan& plan) {
  Json groups = Json::array();
  for (const PlanGroup& group : plan.groups) {
    groups.push_back({hex(group.id), group.size, text(group.role)});
  }
  return groups;
}

// Groups with more than one permutation.
Json fibres_json(const Plan& plan) {
  Json fibres = Json::array();
  for (std::size_t g = 0; g < plan.groups.size(); ++g) {
    if (plan.groups[g].fibres != 1) fibres.push_back({g, plan.groups[g].fibres});
  }
  return fibres;
}

// The axis maps of everything, each once.
class PlanWriter {
 public:
  Json write(const Plan& plan) {
    Json out;
    out["groups"] = groups_json(plan);
    if (Json fibres = fibres_json(plan); !fibres.empty()) out["fibres"] = std::move(fibres);
    out["tensors"] = tensors(plan);
    if (Json list = sparse(plan); !list.empty()) out["sparse"] = std::move(list);
    out["tensors"]["views"] = views_.take();
    out["locks"] = locks(plan);
    out["caches"] = caches(plan);
    out["edits"] = edits(plan);
    out["files"] = Json::array();
    for (const std::string& file : plan.data_files) out["files"].push_back(text(file));
    out["dims"] = Json::array();
    for (const auto& [name, size] : plan.bound_dims) out["dims"].push_back({text(name), size});
    out["duplicates"] = Json::array();
    for (const auto& names : plan.duplicates) {
      Json& entry = out["duplicates"].emplace_back(Json::array());
      for (const std::string& name : names) entry.push_back(text(name));
    }
    out["axes"] = axes_.take();
    out["bytes"] = bytes_.take();
    return out;
  }

 private:
  std::size_t axis(const AxisMap& map) { return axes_.number(to_string(map)); }

  Json axis_list(const std::vector<AxisMap>& maps) {
    Json list = Json::array();
    for (const AxisMap& map : maps) list.push_back(axis(map));
    return list;
  }

  Json tensors(const Plan& plan) {
    const Json none = Json::array();
    Json out = {{"name", none}, {"file", none}, {"gap", none},   {"length", none},
                {"view", none}, {"axes", none}, {"values", none}};
    Gaps gaps;
    for (const PlanTensor& tensor : plan.tensors) {
      out["name"].push_back(text(tensor.name));
      out["file"].push_back(tensor.payload.file);
      out["gap"].push_back(
          gaps.next(tensor.payload.file, tensor.payload.offset, tensor.payload.length));
      out["length"].push_back(tensor.payload.length);
      out["view"].push_back(views_.number(view_json(tensor.view)));
      out["axes"].push_back(axis_list(tensor.axes));
      out["values"].push_back(tensor.values ? axis(*tensor.values) + 1 : 0);
    }
    return out;
  }

  static Json view_json(const ElementView& view) {
    return {view.bits, static_cast<int>(view.encoding), view.row_stride, view.shape};
  }

  // Views of five items, which readers that know no sparse tensors refuse.
  Json sparse(const Plan& plan) {
    Json out = Json::array();
    const auto span = [](const ByteSpan& s) { return Json{s.file, s.offset, s.length}; };
    for (const PlanSparse& tensor : plan.sparse) {
      Json view = view_json(tensor.view);
      view.push_back(tensor.entries);
      out.push_back({text(tensor.name), views_.number(std::move(view)), axis_list(tensor.axes),
                     span(tensor.values), span(tensor.indices),
                     static_cast<int>(tensor.index_encoding), tensor.coordinates ? 1 : 0});
    }
    return out;
  }

  Json locks(const Plan& plan) {
    Json out = Json::array();
    for (const PlanLock& lock : plan.locks) {
      Json entry = {static_cast<int>(lock.kind), text(lock.value), lock.axis, axis(lock.upstream),
                    axis(lock.downstream)};
      if (lock.carrier != Carrier::kKey) entry.push_back(static_cast<int>(lock.carrier));
      if (!lock.joint.empty()) {
        entry.push_back(lock.joint.digits);
        entry.push_back(lock.joint.order);
      }
      out.push_back(std::move(entry));
    }
    return out;
  }

  Json caches(const Plan& plan) {
    Json out = Json::array();
    for (const PlanCache& cache : plan.caches) {
      out.push_back({text(cache.past), text(cache.present), axis_list(cache.axes)});
      if (cache.leading.empty()) continue;
      Json leading = Json::array();
      for (const std::uint32_t axis : cache.leading)
        leading.push_back(axis == kNone ? 0 : axis + 1);
      out.back().push_back(std::move(leading));
    }
    return out;
  }

  Json edits(const Plan& plan) {
    const Json none = Json::array();
    Json out = {{"file", none}, {"gap", none}, {"original", none}, {"replacement", none}};
    Gaps gaps;
    for (const Edit& edit : plan.edits) {
      out["file"].push_back(edit.file);
      out["gap"].push_back(gaps.next(edit.file, edit.offset, edit.original.size()));
      out["original"].push_back(bytes_.number(edit.original));
      out["replacement"].push_back(bytes_.number(edit.replacement));
    }
    return out;
  }

  StringTable axes_, bytes_;
  ViewTable views_;
};

}  // namespace

std::string to_json(const SealedPlan& sealed) {
  Json out = PlanWriter().write(sealed.plan);
  out["original"] = hex(sealed.original);
  out["sizes"] = sealed.original_sizes;
  out["options"] = Json::array();
  for (const auto& [name, value] : sealed.options) {
    out["options"].push_back({text(name), text(value)});
  }
  for (const CheckpointEntry& entry : sealed.checkpoint) {
    out["checkpoint"].push_back({text(entry.name), entry.tensor, static_cast<int>(entry.layout)});
  }
  if (!sealed.salt_content.empty()) out["content"] = hex_encode(sealed.salt_content);
  if (!sealed.graph.empty()) out["graph"] = hex_encode(sealed.graph);
  return out.dump();
}

}  // namespace permcrypt
