#include "proof/contents.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "base/checked.h"
#include "base/mapped_file.h"
#include "base/parallel.h"

namespace permcrypt::proof {
namespace {

using Files = std::vector<MappedFile>;

Result<Files> map_files(const Model& model) {
  Files out;
  for (const ModelFile& file : model.files) {
    auto mapped = MappedFile::open(file.path);
    if (!mapped) return tl::unexpected(mapped.error());
    out.push_back(*std::move(mapped));
  }
  return out;
}

// Elements as bit patterns, wherever they are stored.
class Elements {
 public:
  Elements(std::string_view bytes, Encoding encoding, std::uint32_t bits)
      : bytes_(bytes), bits_(bits) {
    if (encoding == Encoding::kFixed) return;
    spelled_out_ = true;
    std::size_t at = 0;
    while (at < bytes.size()) {
      if (encoding == Encoding::kTagged) varint(at);
      patterns_.push_back(encoding == Encoding::kTagged && bits_of_tag_ == 5   ? fixed(at, 4)
                          : encoding == Encoding::kTagged && bits_of_tag_ == 1 ? fixed(at, 8)
                                                                               : varint(at));
    }
  }

  std::uint64_t count() const {
    return spelled_out_ ? patterns_.size() : bytes_.size() * 8 / std::max(bits_, 1u);
  }
  std::uint64_t operator[](std::uint64_t i) const {
    if (spelled_out_) return patterns_[i];
    if (bits_ == 4) {
      const auto pair = static_cast<unsigned char>(bytes_[i / 2]);
      return i % 2 == 0 ? pair & 15u : pair >> 4;
    }
    std::uint64_t pattern = 0;
    const std::size_t width = bits_ / 8;
    std::memcpy(&pattern, bytes_.data() + i * width, width);
    return pattern;
  }
  bool plain_bytes() const { return !spelled_out_ && bits_ >= 8; }
  const char* at(std::uint64_t i) const { return bytes_.data() + i * (bits_ / 8); }

 private:
  std::uint64_t varint(std::size_t& at) {
    std::uint64_t value = 0;
    for (int shift = 0; at < bytes_.size() && shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_[at++]);
      value |= static_cast<std::uint64_t>(byte & 127u) << shift;
      if (byte < 128) break;
    }
    bits_of_tag_ = value & 7;
    return value;
  }
  std::uint64_t fixed(std::size_t& at, std::size_t width) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes_.data() + at, std::min(width, bytes_.size() - at));
    at = std::min(at + width, bytes_.size());
    return value;
  }

  std::string_view bytes_;
  std::uint32_t bits_;
  bool spelled_out_ = false;
  std::uint64_t bits_of_tag_ = 0;
  std::vector<std::uint64_t> patterns_;
};

std::int64_t signed_value(std::uint64_t pattern, std::int32_t type) {
  return type == onnx::TensorProto::INT32 ? static_cast<std::int32_t>(pattern)
                                          : static_cast<std::int64_t>(pattern);
}

// An array seen through a view, gathered along each axis.
class Renumbered {
 public:
  Renumbered(const ElementView& view, std::vector<Index> orders)
      : shape_(view.shape), orders_(std::move(orders)) {
    count_ = 1;
    for (const std::uint64_t extent : shape_) {
      if (count_) count_ = checked_mul(*count_, extent);
    }
    strides_.assign(shape_.size(), 1);
    end_ = shape_.empty() ? 1 : shape_.back();
    for (std::size_t k = shape_.size(); k-- > 1 && end_;) {
      if (k + 1 == shape_.size()) end_ = std::max(view.row_stride, shape_.back());
      strides_[k - 1] = *end_;
      end_ = checked_mul(*end_, shape_[k - 1]);
    }
  }

  // Calls row(new, old) with where each innermost row begins; stops when it returns false.
  template <class Row>
  bool each_row(Row row) const {
    std::vector<std::uint64_t> at(shape_.size(), 0);
    for (;;) {
      std::uint64_t there = 0, here = 0;
      for (std::size_t k = 0; k + 1 < shape_.size(); ++k) {
        there += at[k] * strides_[k];
        here += orders_[k][at[k]] * strides_[k];
      }
      if (!row(there, here)) return false;
      std::size_t k = shape_.size() < 2 ? 0 : shape_.size() - 1;
      while (k > 0 && ++at[k - 1] == shape_[k - 1]) at[--k] = 0;
      if (k == 0) return true;
    }
  }

  bool fits(std::uint64_t count) const { return count_ && end_ && *end_ <= count; }
  bool empty() const { return count_ == 0; }
  std::uint64_t last() const { return shape_.empty() ? 1 : shape_.back(); }
  const Index& last_order() const { return orders_.back(); }
  bool is_scalar() const { return shape_.empty(); }

 private:
  std::vector<std::uint64_t> shape_, strides_;
  std::vector<Index> orders_;
  std::optional<std::uint64_t> count_, end_;
};

// Whether encrypted[i] = code(original[order(i)]) for all i. An empty code is the plain one.
bool renumbered(const Elements& encrypted, const Elements& original, const Renumbered& array,
                const Index& code, std::int32_t type) {
  if (array.empty()) return true;
  if (!array.fits(encrypted.count()) || !array.fits(original.count())) return false;
  if (array.is_scalar()) return encrypted[0] == original[0];
  const Index& order = array.last_order();
  const bool whole_rows =
      code.empty() && is_plain(order) && encrypted.plain_bytes() && original.plain_bytes();
  const auto n = static_cast<std::int64_t>(code.size());
  const auto coded = [&](std::uint64_t pattern) {
    const std::int64_t v = signed_value(pattern, type);
    return v < 0 ? v + n : v;
  };
  return array.each_row([&](std::uint64_t there, std::uint64_t here) {
    if (whole_rows) {
      return std::equal(encrypted.at(there), encrypted.at(there + array.last()), original.at(here));
    }
    for (std::uint64_t j = 0; j < array.last(); ++j) {
      const std::uint64_t e = encrypted[there + j], o = original[here + order[j]];
      if (code.empty() ? e == o : false) continue;
      if (code.empty()) return false;
      const std::int64_t v = coded(o);
      if (v < 0 || v >= n || coded(e) != code[static_cast<std::size_t>(v)]) return false;
    }
    return true;
  });
}

class Comparison {
 public:
  Comparison(const Model& original, const Model& encrypted, Files files, Files encrypted_files)
      : original_(original),
        encrypted_(encrypted),
        files_(std::move(files)),
        encrypted_files_(std::move(encrypted_files)) {}

  struct Task {
    const PlanTensor* plan = nullptr;
    std::vector<Index> orders;
    Index code;
  };

  void compare(TensorId id, const Task& task, TensorClaim& out) const {
    const Tensor& o = original_.tensors[id];
    const Tensor& e = encrypted_.tensors[out.encrypted];
    if (o.type != e.type || o.shape != e.shape) return differ(out, "has another type or shape");
    if (!o.payload || !e.payload) return compare_unmovable(o, e, out);
    const auto there = bytes(encrypted_files_, *e.payload), here = bytes(files_, *o.payload);
    const bool same = task.plan ? renumbered({there, e.encoding, task.plan->view.bits},
                                             {here, o.encoding, task.plan->view.bits},
                                             {task.plan->view, task.orders}, task.code, o.type)
                                : there == here;
    if (!same) return differ(out, task.plan ? "is not renumbered as planned" : "was changed");
    out.claim.related = true;
  }

 private:
  static std::string_view bytes(const Files& files, const ByteSpan& span) {
    const auto range = files[span.file].range(span.offset, span.length);
    return range ? *range : std::string_view();
  }

  static void differ(TensorClaim& out, const char* problem) {
    out.problem = problem;
    out.differs = true;
  }

  // Strings, payloads in several pieces: the message as a whole.
  void compare_unmovable(const Tensor& o, const Tensor& e, TensorClaim& out) const {
    const bool nothing = std::ranges::find(o.shape, 0) != o.shape.end();
    if (nothing || (!o.external && !e.external &&
                    message(files_, original_, o) == message(encrypted_files_, encrypted_, e))) {
      out.claim.related = true;
    } else {
      out.problem = "cannot be compared";
    }
  }

  static std::string_view message(const Files& files, const Model& model, const Tensor& tensor) {
    const Frame& frame = model.frames[tensor.frame];
    return files[0].bytes().substr(frame.begin, frame.end - frame.begin);
  }

  const Model &original_, &encrypted_;
  Files files_, encrypted_files_;
};

// The k-th tensor of a name in one file is that in the other.
void pair_by_name(const Model& original, const Model& encrypted, std::vector<TensorClaim>& out) {
  std::map<std::string, std::vector<TensorId>> named;
  for (TensorId id = encrypted.tensors.size(); id-- > 0;) {
    named[encrypted.tensors[id].name].push_back(id);
  }
  for (TensorId id = 0; id < original.tensors.size(); ++id) {
    auto& left = named[original.tensors[id].name];
    out[id].claim.related = false;
    out[id].problem = "is missing";
    if (left.empty()) continue;
    out[id].encrypted = left.back();
    left.pop_back();
  }
}

// The tensor of the original whose elements a planned payload is.
std::map<std::pair<std::uint32_t, std::uint64_t>, const PlanTensor*> by_place(const Plan& plan) {
  std::map<std::pair<std::uint32_t, std::uint64_t>, const PlanTensor*> out;
  for (const PlanTensor& t : plan.tensors) out[{t.payload.file, t.payload.offset}] = &t;
  return out;
}

bool is_plain_view(const ElementView& view, const Tensor& tensor) {
  return static_cast<int>(view.bits) == element_bits(tensor.type) &&
         std::ranges::equal(
             view.shape, tensor.shape,
             [](std::uint64_t x, std::int64_t y) { return x == static_cast<std::uint64_t>(y); }) &&
         (view.shape.empty() || view.row_stride == view.shape.back());
}

}  // namespace

OrderId planned_order(const AxisMap& map, const std::vector<Permutation>& groups, Orders& orders) {
  return map.moves() ? orders.of(axis_permutation(map, groups).old_of_new()) : kPlain;
}

Result<std::vector<TensorClaim>> compare_contents(const Model& original, const Model& encrypted,
                                                  const Plan& plan,
                                                  const std::vector<Permutation>& groups,
                                                  unsigned threads, Terms& terms, Orders& orders) {
  auto files = map_files(original), encrypted_files = map_files(encrypted);
  if (!files) return tl::unexpected(files.error());
  if (!encrypted_files) return tl::unexpected(encrypted_files.error());
  const Comparison comparison(original, encrypted, *std::move(files), *std::move(encrypted_files));
  std::vector<TensorClaim> out(original.tensors.size());
  pair_by_name(original, encrypted, out);
  const auto planned = by_place(plan);
  std::vector<Comparison::Task> tasks(out.size());
  for (TensorId id = 0; id < out.size(); ++id) {
    const Tensor& tensor = original.tensors[id];
    Claim& claim = out[id].claim;
    claim.type = tensor.type;
    claim.axes.emplace();
    for (const std::int64_t n : tensor.shape) claim.axes->push_back({terms.constant(n)});
    if (!tensor.payload) continue;
    const auto found = planned.find({tensor.payload->file, tensor.payload->offset});
    if (found == planned.end() || found->second->payload != *tensor.payload) continue;
    const PlanTensor& t = *found->second;
    tasks[id].plan = &t;
    if (!is_plain_view(t.view, tensor)) claim.packed_bits = static_cast<int>(t.view.bits);
    claim.axes->clear();
    for (std::size_t k = 0; k < t.axes.size(); ++k) {
      const auto extent = static_cast<std::int64_t>(t.view.shape[k]);
      claim.axes->push_back({terms.constant(extent), planned_order(t.axes[k], groups, orders)});
      tasks[id].orders.push_back(orders.index(claim.axes->back()));
    }
    if (t.values) {
      claim.code = orders.inverse(planned_order(*t.values, groups, orders));
      tasks[id].code = orders.permutation(claim.code);
    }
  }
  const auto done = parallel_for(out.size(), threads, [&](std::size_t id) -> Result<void> {
    if (out[id].encrypted != kNone) {
      out[id].problem.clear();
      comparison.compare(static_cast<TensorId>(id), tasks[id], out[id]);
    }
    return {};
  });
  if (!done) return tl::unexpected(done.error());
  return out;
}

}  // namespace permcrypt::proof
