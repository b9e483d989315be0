#include "write/plan_reader.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/checked.h"
#include "read/external_data.h"

namespace permcrypt {
namespace {

using namespace untrusted;

// Follows gaps through the files: spans come out sorted, apart and within the files.
class Spans {
 public:
  explicit Spans(const std::vector<std::uint64_t>& sizes) : sizes_(sizes) {}

  ByteSpan next(const Json& file, const Json& gap, std::uint64_t length) {
    const auto number_of_file = static_cast<std::uint32_t>(index(file, sizes_.size()));
    require(number_of_file >= file_);
    if (number_of_file != file_) end_ = 0;
    file_ = number_of_file;
    const std::uint64_t offset = need(checked_add(end_, number(gap)));
    end_ = need(checked_add(offset, length));
    require(end_ <= sizes_[file_]);
    return {file_, offset, length};
  }

 private:
  const std::vector<std::uint64_t>& sizes_;
  std::uint32_t file_ = 0;
  std::uint64_t end_ = 0;
};

// A view, and how many of its elements are stored if it is that of a sparse tensor.
struct StoredView {
  ElementView view;
  std::optional<std::uint64_t> entries;
};

StoredView view_of(const Json& entry) {
  StoredView out;
  require(list(entry).size() == 5 || entry.size() == 4);
  if (entry.size() == 5) out.entries = number(entry[4], kNone);
  ElementView& view = out.view;
  view.bits = number<std::uint32_t>(entry[0], 128);
  view.encoding = static_cast<Encoding>(number(entry[1], static_cast<int>(Encoding::kTagged)));
  view.row_stride = number(entry[2]);
  for (const Json& extent : list(entry[3])) view.shape.push_back(number(extent));
  return out;
}

class PlanReader {
 public:
  PlanReader(const Json& json, const std::vector<std::uint64_t>& sizes)
      : json_(json), sizes_(sizes) {}

  Plan read() {
    groups();
    axes();
    tensors();
    sparse();
    locks();
    caches();
    edits();
    names();
    return std::move(plan_);
  }

 private:
  void groups() {
    for (const Json& entry : list(member(json_, "groups"))) {
      tuple(entry, 3);
      // Permutations count in 32 bits.
      plan_.groups.push_back({bytes32(entry[0]), number(entry[1], kNone), bytes(entry[2])});
    }
    if (!json_.contains("fibres")) return;
    for (const Json& entry : list(json_["fibres"])) {
      tuple(entry, 2);
      PlanGroup& group = plan_.groups[index(entry[0], plan_.groups.size())];
      group.fibres = number(entry[1], kNone);
      require(group.fibres > 1 && group.size * group.fibres <= kNone);
    }
  }

  void axes() {
    std::vector<std::uint64_t> sizes, fibres;
    for (const PlanGroup& group : plan_.groups) {
      sizes.push_back(group.size);
      fibres.push_back(group.fibres);
    }
    for (const Json& entry : list(member(json_, "axes"))) {
      auto map = parse_axis_map(bytes(entry), sizes, fibres);
      require(map.has_value());
      axes_.push_back(std::move(*map));
    }
  }

  const AxisMap& axis(const Json& value) const { return axes_[index(value, axes_.size())]; }

  std::vector<AxisMap> axis_list(const Json& value) const {
    std::vector<AxisMap> maps;
    for (const Json& entry : list(value)) maps.push_back(axis(entry));
    return maps;
  }

  void tensors() {
    const Json& columns = member(json_, "tensors");
    for (const Json& entry : list(member(columns, "views"))) views_.push_back(view_of(entry));
    const Json& name = list(member(columns, "name"));
    const Json& file = tuple(member(columns, "file"), name.size());
    const Json& gap = tuple(member(columns, "gap"), name.size());
    const Json& length = tuple(member(columns, "length"), name.size());
    const Json& view = tuple(member(columns, "view"), name.size());
    const Json& axes = tuple(member(columns, "axes"), name.size());
    const Json& values = tuple(member(columns, "values"), name.size());
    Spans spans(sizes_);
    plan_.tensors.reserve(name.size());
    for (std::size_t i = 0; i < name.size(); ++i) {
      PlanTensor tensor;
      tensor.name = bytes(name[i]);
      tensor.payload = spans.next(file[i], gap[i], number(length[i]));
      const StoredView& stored = views_[index(view[i], views_.size())];
      require(!stored.entries);
      tensor.view = stored.view;
      tensor.axes = axes_of(axes[i], tensor.view);
      if (const auto plus_one = index(values[i], axes_.size() + 1); plus_one > 0) {
        tensor.values = axes_[plus_one - 1];
      }
      plan_.tensors.push_back(std::move(tensor));
    }
  }

  std::vector<AxisMap> axes_of(const Json& value, const ElementView& view) const {
    std::vector<AxisMap> maps = axis_list(value);
    require(maps.size() == view.shape.size());
    for (std::size_t a = 0; a < maps.size(); ++a) require(maps[a].extent == view.shape[a]);
    return maps;
  }

  void sparse() {
    if (!json_.contains("sparse")) return;
    for (const Json& entry : list(json_["sparse"])) {
      tuple(entry, 7);
      PlanSparse tensor;
      tensor.name = bytes(entry[0]);
      const StoredView& stored = views_[index(entry[1], views_.size())];
      tensor.entries = need(stored.entries);
      tensor.view = stored.view;
      tensor.axes = axes_of(entry[2], tensor.view);
      tensor.values = span(entry[3]);
      tensor.indices = span(entry[4]);
      tensor.index_encoding =
          static_cast<Encoding>(number(entry[5], static_cast<int>(Encoding::kTagged)));
      tensor.coordinates = number(entry[6], 1) == 1;
      plan_.sparse.push_back(std::move(tensor));
    }
    require_apart();
  }

  void require_apart() const {
    std::vector<ByteSpan> spans;
    for (const PlanTensor& tensor : plan_.tensors) spans.push_back(tensor.payload);
    for (const PlanSparse& tensor : plan_.sparse) {
      spans.push_back(tensor.values);
      spans.push_back(tensor.indices);
    }
    std::ranges::sort(spans, {}, [](const ByteSpan& s) { return std::pair(s.file, s.offset); });
    for (std::size_t i = 1; i < spans.size(); ++i) {
      const ByteSpan &a = spans[i - 1], &b = spans[i];
      require(a.file != b.file || a.offset + a.length <= b.offset);
    }
  }

  ByteSpan span(const Json& entry) const {
    tuple(entry, 3);
    const ByteSpan span{static_cast<std::uint32_t>(index(entry[0], sizes_.size())),
                        number(entry[1]), number(entry[2])};
    require(need(checked_add(span.offset, span.length)) <= sizes_[span.file]);
    return span;
  }

  void locks() {
    for (const Json& entry : list(member(json_, "locks"))) {
      // Client maps say who carries them, and those of several axes how these lie.
      require(entry.is_array() && (entry.size() == 5 || entry.size() == 6 || entry.size() == 8));
      PlanLock lock;
      lock.kind = static_cast<LockKind>(number(entry[0], static_cast<int>(LockKind::kAll)));
      lock.value = bytes(entry[1]);
      lock.axis = number<std::uint32_t>(entry[2]);
      lock.upstream = axis(entry[3]);
      lock.downstream = axis(entry[4]);
      require(lock.upstream.extent == lock.downstream.extent);
      if (entry.size() > 5) {
        lock.carrier = static_cast<Carrier>(number(entry[5], static_cast<int>(Carrier::kOutput)));
      }
      if (entry.size() > 6) {
        require(lock.carrier != Carrier::kKey && lock.kind != LockKind::kIndex);
        lock.joint = joint(entry[6], entry[7], lock.upstream.extent);
      }
      plan_.locks.push_back(std::move(lock));
    }
  }

  static JointAxes joint(const Json& digits, const Json& order, std::uint64_t extent) {
    JointAxes out;
    std::uint64_t product = 1, count = 0;
    for (const Json& axis : list(digits)) {
      std::vector<std::uint64_t>& radices = out.digits.emplace_back();
      for (const Json& digit : list(axis)) {
        radices.push_back(number(digit));
        product = need(checked_mul(product, radices.back()));
        ++count;
      }
    }
    std::vector<bool> placed(tuple(order, count).size(), false);
    for (const Json& entry : order) {
      out.order.push_back(number<std::uint32_t>(entry, count - 1));
      require(!placed[out.order.back()]);
      placed[out.order.back()] = true;
    }
    require(product == extent);
    return out;
  }

  void caches() {
    for (const Json& entry : list(member(json_, "caches"))) {
      require(entry.is_array() && (entry.size() == 3 || entry.size() == 4));
      plan_.caches.push_back({bytes(entry[0]), bytes(entry[1]), axis_list(entry[2])});
      if (entry.size() == 4) read_leading(entry[3], plan_.caches.back());
    }
  }

  static void read_leading(const Json& entry, PlanCache& cache) {
    const std::size_t rank = cache.axes.size();
    for (const Json& number_of_axis : tuple(entry, rank)) {
      const std::size_t axis = index(number_of_axis, rank + 1);
      cache.leading.push_back(axis == 0 ? kNone : static_cast<std::uint32_t>(axis - 1));
      if (axis == 0) continue;
      const AxisMap& both = cache.axes[cache.leading.size() - 1];
      require(axis != cache.leading.size() && both.kind == AxisMap::Kind::kFibred &&
              both.parts[0] == cache.axes[axis - 1]);
    }
    for (const std::uint32_t axis : cache.leading) {
      require(axis == kNone || cache.leading[axis] == kNone);
    }
  }

  void edits() {
    std::vector<std::string> texts;
    for (const Json& entry : list(member(json_, "bytes"))) texts.push_back(bytes(entry));
    const Json& columns = member(json_, "edits");
    const Json& file = list(member(columns, "file"));
    const Json& gap = tuple(member(columns, "gap"), file.size());
    const Json& original = tuple(member(columns, "original"), file.size());
    const Json& replacement = tuple(member(columns, "replacement"), file.size());
    Spans spans(sizes_);
    plan_.edits.reserve(file.size());
    for (std::size_t i = 0; i < file.size(); ++i) {
      const std::string& before = texts[index(original[i], texts.size())];
      const std::string& after = texts[index(replacement[i], texts.size())];
      const ByteSpan span = spans.next(file[i], gap[i], before.size());
      plan_.edits.push_back({span.file, span.offset, before, after});
    }
  }

  void names() {
    for (const Json& entry : list(member(json_, "files"))) {
      plan_.data_files.push_back(bytes(entry));
      require(inside_folder(plan_.data_files.back()).has_value());
    }
    require(plan_.data_files.size() + 1 == sizes_.size());
    for (const Json& entry : list(member(json_, "dims"))) {
      tuple(entry, 2);
      require(entry[1].is_number_integer());
      plan_.bound_dims.emplace_back(bytes(entry[0]), entry[1].get<std::int64_t>());
    }
    for (const Json& entry : list(member(json_, "duplicates"))) {
      auto& names = plan_.duplicates.emplace_back();
      for (const Json& name : list(entry)) names.push_back(bytes(name));
    }
  }

  const Json& json_;
  const std::vector<std::uint64_t>& sizes_;
  Plan plan_;
  std::vector<AxisMap> axes_;
  std::vector<StoredView> views_;
};

}  // namespace

Plan read_plan(const untrusted::Json& json, const std::vector<std::uint64_t>& sizes) {
  return PlanReader(json, sizes).read();
}

}  // namespace permcrypt
