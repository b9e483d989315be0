#include "infer/packed_views.h"

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace permcrypt {
namespace {

using Shape = std::vector<std::int64_t>;

// The largest extent or block that a view may ask for; products are checked apart from that.
constexpr std::int64_t kMaxExtent = std::int64_t{1} << 40;

// Collects what one node asks of its constant operands.
class Requests {
 public:
  Requests(const Graph& graph, const GraphNode& node) : graph_(graph), node_(node) {
    views_.resize(node.inputs.size());
  }

  std::int64_t attr(std::string_view name, std::int64_t otherwise) const {
    for (const auto& a : node_.proto->attribute()) {
      if (a.name() == name) return a.i();
    }
    return otherwise;
  }
  std::string_view text(std::string_view name) const {
    for (const auto& a : node_.proto->attribute()) {
      if (a.name() == name) return a.s();
    }
    return {};
  }

  // The tensor behind operand k, if it is a constant whose elements lie side by side.
  const Tensor* constant(std::size_t k) const {
    if (k >= node_.inputs.size() || node_.inputs[k] == kNone) return nullptr;
    const GraphValue& value = graph_.values[node_.inputs[k]];
    if (value.tensor == kNone) return nullptr;
    const Tensor& tensor = graph_.model->tensors[value.tensor];
    return tensor.payload && tensor.encoding == Encoding::kFixed ? &tensor : nullptr;
  }

  // Sees operand k as `shape`, rows beginning every `stride` elements of `bits`; only if that is
  // exactly its payload, and not what it is anyway.
  void see(std::size_t k, int bits, Shape shape, std::int64_t stride) {
    const Tensor* tensor = constant(k);
    if (!tensor || shape.empty() || bits <= 0 || stride < shape.back()) return;
    std::int64_t total = stride;
    for (std::size_t i = 0; i < shape.size(); ++i) {
      if (shape[i] <= 0 || shape[i] > kMaxExtent) return;
      if (i + 1 < shape.size() && __builtin_mul_overflow(total, shape[i], &total)) return;
    }
    if (__builtin_mul_overflow(total, std::int64_t{bits}, &total)) return;
    if (static_cast<std::uint64_t>(total) != tensor->payload->length * 8) return;
    if (shape == tensor->shape && bits == element_bits(tensor->type)) return;
    views_[k] = PayloadView{bits, std::move(shape), stride};
  }

  // Sees operand k, of whole elements, in another shape.
  void reshape(std::size_t k, Shape shape) {
    if (const Tensor* tensor = constant(k)) {
      const std::int64_t last = shape.back();
      see(k, element_bits(tensor->type), std::move(shape), last);
    }
  }

  const std::vector<std::optional<PayloadView>>& views() const { return views_; }

 private:
  const Graph& graph_;
  const GraphNode& node_;
  std::vector<std::optional<PayloadView>> views_;
};

bool is_bytes(const Tensor* tensor) { return tensor && tensor->type == onnx::TensorProto::UINT8; }

// The numbers of `bits` that fit the bytes of a row of n; 0 when out of range.
std::int64_t padded(std::int64_t n, int bits) {
  return n < 1 || n > kMaxExtent ? 0 : (n * bits + 7) / 8 * 8 / bits;
}

// Sees each byte of operand k as two numbers.
void see_nibbles(Requests& r, std::size_t k, const Tensor& bytes) {
  if (bytes.shape.empty() || bytes.shape.back() < 1 || bytes.shape.back() > kMaxExtent) return;
  Shape shape = bytes.shape;
  shape.back() *= 2;
  const std::int64_t row = shape.back();
  r.see(k, 4, std::move(shape), row);
}

// B [N, blocks, bytes] as N x K, the padding of a last short block left out; zero points as
// nibbles.
void matmul_nbits(Requests& r) {
  const std::int64_t n = r.attr("N", 0), k = r.attr("K", 0), size = r.attr("block_size", 0);
  const auto bits = r.attr("bits", 4);
  if (n < 1 || k < 1 || size < 1 || n > kMaxExtent || k > kMaxExtent || size > kMaxExtent) return;
  if (r.attr("weight_prepacked", 0) != 0) return;
  const std::int64_t blocks = (k + size - 1) / size, row = blocks * size;
  if (bits == 4 || bits == 8) r.see(1, static_cast<int>(bits), {n, k}, row);
  if (bits == 2 && k % 4 == 0 && size % 4 == 0) r.see(1, 8, {n, k / 4}, row / 4);  // four in a byte
  r.reshape(2, {n, blocks});
  if (is_bytes(r.constant(3)) && (bits == 4 || bits == 8)) {
    r.see(3, static_cast<int>(bits), {n, blocks}, padded(blocks, static_cast<int>(bits)));
  } else if (is_bytes(r.constant(3)) && bits == 2) {
    r.reshape(3, {n, padded(blocks, 2) / 4});
  } else {
    r.reshape(3, {n, blocks});
  }
}

// B flat, in blocks over N*K, the first of two numbers in the *high* half of a byte: seen as bytes.
void matmul_bnb4(Requests& r) {
  const std::int64_t n = r.attr("N", 0), k = r.attr("K", 0), size = r.attr("block_size", 0);
  if (n < 1 || k < 2 || k % 2 != 0 || size < 2 || n > kMaxExtent || k > kMaxExtent) return;
  r.see(1, 8, {n, k / 2}, k / 2);
  if (k % size == 0) r.reshape(2, {n, k / size});
}

// Tables of uint8 hold two numbers of 4 bits in a byte along their last axis.
void gather_block_quantized(Requests& r) {
  const Tensor* table = r.constant(0);
  const Tensor* scales = r.constant(2);
  if (r.attr("bits", 4) != 4 || !is_bytes(table) || !scales) return;
  see_nibbles(r, 0, *table);
  if (is_bytes(r.constant(3)) && !scales->shape.empty()) {
    r.see(3, 4, scales->shape, padded(scales->shape.back(), 4));
  }
}

// Weights [E, rows, bytes]; zero points per block [E, rows, bytes] or per row [E, bytes].
void qmoe(Requests& r) {
  const std::string_view type = r.text("quant_type");
  if ((!type.empty() && type != "int") || r.attr("weights_prepacked", -1) == 1) return;
  for (std::size_t fc = 0; fc < 3; ++fc) {
    const std::string bits_of = "fc" + std::to_string(fc + 1) + "_expert_weight_bits";
    if (r.attr(bits_of, r.attr("expert_weight_bits", 4)) != 4) continue;
    const Tensor* weights = r.constant(2 + 3 * fc);
    const Tensor* scales = r.constant(3 + 3 * fc);
    if (!is_bytes(weights) || !scales || weights->shape.size() != 3) continue;
    see_nibbles(r, 2 + 3 * fc, *weights);
    if (!scales->shape.empty()) r.see(11 + fc, 4, scales->shape, padded(scales->shape.back(), 4));
  }
}

void ask(Requests& r, const GraphNode& node) {
  if (node.domain != "com.microsoft") return;
  if (node.op == "MatMulNBits") matmul_nbits(r);
  if (node.op == "MatMulBnb4") matmul_bnb4(r);
  if (node.op == "GatherBlockQuantized") gather_block_quantized(r);
  if (node.op == "QMoE") qmoe(r);
}

bool equal(const PayloadView& x, const PayloadView& y) {
  return x.bits == y.bits && x.shape == y.shape && x.row_stride == y.row_stride;
}

}  // namespace

std::map<ValueId, PayloadView> find_packed_views(const Workspace& ws) {
  std::map<ValueId, PayloadView> views;
  std::vector<bool> plain(ws.graph.values.size(), false);
  for (const GraphBody& body : ws.graph.bodies) {
    for (const ValueId v : body.outputs) plain[v] = true;
  }
  for (const GraphNode& node : ws.graph.nodes) {
    Requests requests(ws.graph, node);
    ask(requests, node);
    for (std::size_t k = 0; k < node.inputs.size(); ++k) {
      const ValueId v = node.inputs[k];
      if (v == kNone) continue;
      const auto& view = requests.views()[k];
      if (!view) {
        plain[v] = true;
      } else if (const auto [it, added] = views.try_emplace(v, *view); !added) {
        plain[v] = plain[v] || !equal(it->second, *view);
      }
    }
  }
  std::erase_if(views, [&](const auto& entry) { return plain[entry.first]; });
  return views;
}

}  // namespace permcrypt
