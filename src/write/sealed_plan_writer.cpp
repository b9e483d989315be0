#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

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

std::string string_json(std::string_view bytes) { return Json(text(bytes)).dump(); }

std::string hex(const std::array<std::uint8_t, 32>& bytes) {
  return hex_encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

// An array as text, item by item: as a tree, the columns of a large plan take many times as much.
class ListText {
 public:
  void add(std::uint64_t number) { add_json(std::to_string(number)); }
  void add(const Json& item) { add_json(item.dump()); }
  void add_json(std::string_view item) {
    text_ += text_.empty() ? '[' : ',';
    text_ += item;
    ++size_;
  }

  std::size_t size() const { return size_; }
  std::string take() { return text_.empty() ? "[]" : std::move(text_) + "]"; }

 private:
  std::string text_;
  std::size_t size_ = 0;
};

// An object as text, its members in the order of their names.
class ObjectText {
 public:
  void add(std::string name, std::string value) {
    members_.emplace(std::move(name), std::move(value));
  }
  std::string take() {
    std::string out;
    for (auto& [name, value] : members_) {
      out += out.empty() ? "{" : ",";
      out += Json(name).dump() + ":";
      out += std::exchange(value, {});
    }
    return out.empty() ? "{}" : std::move(out) + "}";
  }

 private:
  std::map<std::string, std::string> members_;
};

// A list in which each item is once.
class Table {
 public:
  std::size_t number_of_text(const std::string& bytes) { return number(bytes, true); }
  std::size_t number_of_json(const std::string& json) { return number(json, false); }
  std::string take() { return list_.take(); }

 private:
  std::size_t number(const std::string& item, bool is_text) {
    const auto [entry, is_new] = numbers_.try_emplace(item, list_.size());
    if (is_new) list_.add_json(is_text ? string_json(item) : item);
    return entry->second;
  }

  std::unordered_map<std::string, std::size_t> numbers_;
  ListText list_;
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

std::string groups_text(const Plan& plan) {
  ListText groups;
  for (const PlanGroup& group : plan.groups) {
    groups.add(Json{hex(group.id), group.size, text(group.role)});
  }
  return groups.take();
}

// Groups with more than one permutation; "" if there are none.
std::string fibres_text(const Plan& plan) {
  ListText fibres;
  for (std::size_t g = 0; g < plan.groups.size(); ++g) {
    if (plan.groups[g].fibres != 1) fibres.add(Json{g, plan.groups[g].fibres});
  }
  return fibres.size() == 0 ? "" : fibres.take();
}

std::string names_text(const std::vector<std::string>& names) {
  ListText list;
  for (const std::string& name : names) list.add_json(string_json(name));
  return list.take();
}

// The axis maps of everything, each once.
class PlanWriter {
 public:
  ObjectText write(const Plan& plan) {
    ObjectText out;
    out.add("groups", groups_text(plan));
    if (std::string fibres = fibres_text(plan); !fibres.empty()) out.add("fibres", fibres);
    ObjectText columns = tensors(plan);
    if (!plan.sparse.empty()) out.add("sparse", sparse(plan));
    columns.add("views", views_.take());
    out.add("tensors", columns.take());
    out.add("locks", locks(plan));
    out.add("caches", caches(plan));
    out.add("edits", edits(plan));
    out.add("files", names_text(plan.data_files));
    ListText dims, duplicates;
    for (const auto& [name, size] : plan.bound_dims) dims.add(Json{text(name), size});
    out.add("dims", dims.take());
    for (const auto& names : plan.duplicates) duplicates.add_json(names_text(names));
    out.add("duplicates", duplicates.take());
    out.add("axes", axes_.take());
    out.add("bytes", bytes_.take());
    return out;
  }

 private:
  std::size_t axis(const AxisMap& map) { return axes_.number_of_text(to_string(map)); }

  Json axis_list(const std::vector<AxisMap>& maps) {
    Json list = Json::array();
    for (const AxisMap& map : maps) list.push_back(axis(map));
    return list;
  }

  std::size_t view(const Json& view) { return views_.number_of_json(view.dump()); }

  ObjectText tensors(const Plan& plan) {
    ListText name, file, gap, length, views, axes, values;
    Gaps gaps;
    for (const PlanTensor& tensor : plan.tensors) {
      name.add_json(string_json(tensor.name));
      file.add(tensor.payload.file);
      gap.add(gaps.next(tensor.payload.file, tensor.payload.offset, tensor.payload.length));
      length.add(tensor.payload.length);
      views.add(view(view_json(tensor.view)));
      axes.add(axis_list(tensor.axes));
      values.add(tensor.values ? axis(*tensor.values) + 1 : 0);
    }
    ObjectText out;
    out.add("name", name.take());
    out.add("file", file.take());
    out.add("gap", gap.take());
    out.add("length", length.take());
    out.add("view", views.take());
    out.add("axes", axes.take());
    out.add("values", values.take());
    return out;
  }

  static Json view_json(const ElementView& view) {
    return {view.bits, static_cast<int>(view.encoding), view.row_stride, view.shape};
  }

  // Views of five items, which readers that know no sparse tensors refuse.
  std::string sparse(const Plan& plan) {
    ListText out;
    const auto span = [](const ByteSpan& s) { return Json{s.file, s.offset, s.length}; };
    for (const PlanSparse& tensor : plan.sparse) {
      Json whole = view_json(tensor.view);
      whole.push_back(tensor.entries);
      const std::size_t number = view(whole);
      out.add(Json{text(tensor.name), number, axis_list(tensor.axes), span(tensor.values),
                   span(tensor.indices), static_cast<int>(tensor.index_encoding),
                   tensor.coordinates ? 1 : 0});
    }
    return out.take();
  }

  std::string locks(const Plan& plan) {
    ListText out;
    for (const PlanLock& lock : plan.locks) {
      const std::size_t upstream = axis(lock.upstream);
      Json entry = {static_cast<int>(lock.kind), text(lock.value), lock.axis, upstream,
                    axis(lock.downstream)};
      if (lock.carrier != Carrier::kKey) entry.push_back(static_cast<int>(lock.carrier));
      if (!lock.joint.empty()) {
        entry.push_back(lock.joint.digits);
        entry.push_back(lock.joint.order);
      }
      out.add(entry);
    }
    return out.take();
  }

  std::string caches(const Plan& plan) {
    ListText out;
    for (const PlanCache& cache : plan.caches) {
      Json entry = {text(cache.past), text(cache.present), axis_list(cache.axes)};
      if (!cache.leading.empty()) {
        Json leading = Json::array();
        for (const std::uint32_t axis : cache.leading) {
          leading.push_back(axis == kNone ? 0 : axis + 1);
        }
        entry.push_back(std::move(leading));
      }
      out.add(entry);
    }
    return out.take();
  }

  std::string edits(const Plan& plan) {
    ListText file, gap, original, replacement;
    Gaps gaps;
    for (const Edit& edit : plan.edits) {
      file.add(edit.file);
      gap.add(gaps.next(edit.file, edit.offset, edit.original.size()));
      original.add(bytes_.number_of_text(edit.original));
      replacement.add(bytes_.number_of_text(edit.replacement));
    }
    ObjectText out;
    out.add("file", file.take());
    out.add("gap", gap.take());
    out.add("original", original.take());
    out.add("replacement", replacement.take());
    return out.take();
  }

  Table axes_, bytes_, views_;
};

}  // namespace

std::string to_json(const SealedPlan& sealed) {
  ObjectText out = PlanWriter().write(sealed.plan);
  out.add("original", string_json(hex(sealed.original)));
  out.add("sizes", Json(sealed.original_sizes).dump());
  ListText options, checkpoint;
  for (const auto& [name, value] : sealed.options) options.add(Json{text(name), text(value)});
  out.add("options", options.take());
  for (const CheckpointEntry& entry : sealed.checkpoint) {
    checkpoint.add(Json{text(entry.name), entry.tensor, static_cast<int>(entry.layout)});
  }
  if (checkpoint.size() > 0) out.add("checkpoint", checkpoint.take());
  if (!sealed.salt_content.empty())
    out.add("content", string_json(hex_encode(sealed.salt_content)));
  if (!sealed.graph.empty()) out.add("graph", string_json(hex_encode(sealed.graph)));
  return out.take();
}

}  // namespace permcrypt
