#include "verify/leak_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/hex.h"
#include "base/mapped_file.h"
#include "base/page_budget.h"
#include "base/parallel.h"
#include "base/quote.h"
#include "verify/lock_vector.h"
#include "verify/secret_scan.h"

namespace permcrypt {
namespace {

std::string megabytes(std::uint64_t bytes) {
  return bytes < 100000 ? fmt::format("{} bytes", bytes)
                        : fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

// Secrets by number, with a name for each.
struct Secrets {
  SecretScan scan;
  std::vector<std::string> names;

  std::size_t name(std::string text) {
    names.push_back(std::move(text));
    return names.size() - 1;
  }
};

std::string upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

void add_key(const SecretKey& key, Secrets& secrets) {
  const std::size_t number = secrets.name("the secret key");
  const std::string hex = hex_encode(key.bytes());
  for (const std::string& form : {std::string(key.bytes()), hex, upper(hex), key.to_text()}) {
    secrets.scan.add(number, form);
  }
}

void add_locks(const Plan& plan, const std::vector<Permutation>& groups, Secrets& secrets) {
  const std::vector<std::int32_t> vector = lock_vector(plan, groups);
  for (const LockPart& part : lock_parts(plan)) {
    const auto begin = vector.begin() + static_cast<std::ptrdiff_t>(part.begin);
    const std::vector<std::uint32_t> indices(begin, begin + static_cast<std::ptrdiff_t>(part.size));
    secrets.scan.add_indices(
        secrets.name("the token's part for " + in_quotes(plan.locks[part.lock].value)), indices);
  }
}

bool mentions(const AxisMap& map, std::uint32_t group) {
  return (map.kind == AxisMap::Kind::kGroup && map.group == group) ||
         std::ranges::any_of(map.parts, [&](const AxisMap& part) { return mentions(part, group); });
}

// The tensor that the plan rewrites into coordinates and that lies at `hit`, or nullptr.
const PlanTensor* shown_by_plan(const Plan& plan, const Model& encrypted,
                                const SecretScan::Hit& hit, std::uint32_t group) {
  for (const Tensor& tensor : encrypted.tensors) {
    if (!tensor.payload || tensor.payload->file != hit.file ||
        hit.offset < tensor.payload->offset ||
        hit.offset >= tensor.payload->offset + tensor.payload->length) {
      continue;
    }
    for (const PlanTensor& planned : plan.tensors) {
      if (planned.name != tensor.scope + tensor.name || !planned.values) continue;
      if (mentions(*planned.values, group)) return &planned;
    }
  }
  return nullptr;
}

// An order could lie in a tensor of integers that was rewritten; in weights only in their places.
bool may_hold_indices(std::int32_t type) {
  using T = onnx::TensorProto;
  return type == T::INT32 || type == T::INT64 || type == T::UINT32 || type == T::UINT64;
}

std::vector<ByteSpan> weights_of(const Model& model) {
  std::vector<ByteSpan> spans, out;
  for (const Tensor& tensor : model.tensors) {
    if (tensor.payload && !may_hold_indices(tensor.type)) spans.push_back(*tensor.payload);
  }
  std::ranges::sort(spans, {}, [](const ByteSpan& s) { return std::pair(s.file, s.offset); });
  for (const ByteSpan& span : spans) {
    const bool apart = out.empty() || out.back().file != span.file ||
                       out.back().offset + out.back().length <= span.offset;
    if (apart) out.push_back(span);
  }
  return out;
}

std::string join(const std::set<std::string>& parts, std::size_t most = 4) {
  std::string out;
  std::size_t shown = 0;
  for (const std::string& part : parts) {
    if (shown++ == most) return out + fmt::format(" and {} more", parts.size() - most);
    out += (out.empty() ? "" : ", ") + part;
  }
  return out;
}

// ------------------------------------------------------------------------ metadata

using Properties = std::map<std::string, std::string>;

Properties properties_of(const Model& model) {
  Properties out;
  for (const auto& entry : model.structure.metadata_props()) out[entry.key()] = entry.value();
  return out;
}

bool is_manifest(const std::string& key) {
  return key == "permcrypt.open" || key == "permcrypt.plan" || key == "permcrypt.mac";
}

// What a reader of the file learns of where the model came from.
std::set<std::string> traces(const Model& model) {
  std::set<std::string> out;
  const onnx::ModelProto& proto = model.structure;
  const auto add = [&](const char* what, const std::string& text) {
    if (!text.empty()) out.insert(std::string(what) + " " + in_quotes(text));
  };
  add("producer", proto.producer_name());
  add("domain", proto.domain());
  add("description", proto.doc_string());
  add("graph", proto.graph().name());
  for (const auto& [key, value] : properties_of(model)) {
    if (!is_manifest(key)) out.insert("property " + in_quotes(key));
  }
  const auto named = std::ranges::find_if(model.tensors, [](const Tensor& tensor) {
    return tensor.name.find('.') != std::string::npos;
  });
  if (named != model.tensors.end()) add("names of tensors such as", named->name);
  return out;
}

std::vector<Permutation> fibres_of(const PlanGroup& group, const Permutation& all) {
  std::vector<Permutation> fibres;
  for (std::size_t begin = 0; begin < all.size(); begin += group.size) {
    std::vector<std::uint32_t> fibre;
    for (std::size_t i = begin; i < begin + group.size; ++i) {
      fibre.push_back(all[i] - static_cast<std::uint32_t>(begin));
    }
    fibres.emplace_back(std::move(fibre));
  }
  return fibres;
}

}  // namespace

Result<Check> check_secrets(const Subject& subject, bool planned, unsigned threads) {
  const Plan& plan = subject.sealed.plan;
  auto encrypted = read_model(subject.path);  // a damaged file is looked through all the same
  if (encrypted) onnx::ModelProto().Swap(&encrypted->structure);  // its tensors are enough
  std::deque<Permutation> fibres;  // outlive the scan
  Secrets secrets;
  add_key(subject.key, secrets);
  add_locks(plan, subject.groups, secrets);
  const std::size_t first_group = secrets.names.size();
  for (std::size_t g = 0; g < subject.groups.size(); ++g) {
    const std::size_t number = secrets.name(
        fmt::format("the order of group {} ({} entries)", g, subject.groups[g].size()));
    if (plan.groups[g].fibres == 1) {
      secrets.scan.add_order(number, subject.groups[g]);
      continue;
    }
    for (Permutation& order : fibres_of(plan.groups[g], subject.groups[g])) {
      secrets.scan.add_order(number, fibres.emplace_back(std::move(order)));
    }
  }
  const auto cleared = planned && encrypted ? weights_of(*encrypted) : std::vector<ByteSpan>();
  const auto hits = secrets.scan.find(subject.files, cleared, threads);
  if (!hits) return fail(hits.error());
  if (hits->empty()) {
    return Check{"secrets", Outcome::kPassed, "neither the key nor an index vector is in the files",
                 ""};
  }
  std::set<std::string> leaks, shown;
  for (const SecretScan::Hit& hit : *hits) {
    const auto group = static_cast<std::uint32_t>(hit.secret - first_group);
    const PlanTensor* table = encrypted && hit.secret >= first_group
                                  ? shown_by_plan(plan, *encrypted, hit, group)
                                  : nullptr;
    if (table) {
      shown.insert(secrets.names[hit.secret] + " in " + in_quotes(table->name));
    } else {
      leaks.insert(secrets.names[hit.secret]);
    }
  }
  if (!leaks.empty()) {
    return Check{"secrets", Outcome::kFailed, "in the files: " + join(leaks),
                 "this is a defect of permcrypt: do not publish the file"};
  }
  return Check{"secrets", Outcome::kNoted,
               "a table of positions that is in the file shows " + join(shown), ""};
}

Check check_metadata(const Model& encrypted, const Model* original) {
  std::set<std::string> added;
  const Properties before = original ? properties_of(*original) : Properties();
  for (const auto& [key, value] : properties_of(encrypted)) {
    const auto it = before.find(key);
    const bool known = is_manifest(key) || !original || (it != before.end() && it->second == value);
    if (!known) added.insert("property " + in_quotes(key));
  }
  if (original) {
    const auto traces_before = traces(*original);
    for (const std::string& trace : traces(encrypted)) {
      if (!trace.starts_with("names") && !traces_before.contains(trace)) added.insert(trace);
    }
  }
  if (!added.empty()) {
    return Check{"metadata", Outcome::kFailed, "not in the original: " + join(added),
                 "the file was changed after it was encrypted: encrypt again"};
  }
  const auto seen = traces(encrypted);
  std::string detail = original ? "nothing was added but the manifest" : "";
  if (!seen.empty()) {
    detail += (detail.empty() ? "" : "; ") +
              std::string("as in the original, everybody can read ") + join(seen, 8);
  }
  return Check{"metadata", original ? Outcome::kPassed : Outcome::kNoted, detail, ""};
}

Result<Check> list_shared(const Model& original, const Model& encrypted, unsigned threads,
                          std::vector<SharedTensor>& shared) {
  std::map<std::string, const Tensor*> by_name;
  for (const Tensor& tensor : encrypted.tensors) by_name[tensor.scope + tensor.name] = &tensor;
  std::vector<MappedFile> files[2];
  for (const auto& [model, list] : {std::pair(&original, &files[0]), {&encrypted, &files[1]}}) {
    for (const ModelFile& file : model->files) {
      auto mapped = MappedFile::open(file.path);
      if (!mapped) return fail(mapped.error());
      list->push_back(*std::move(mapped));
    }
  }
  PageBudget pages;
  std::vector<char> same(original.tensors.size());
  auto done = parallel_for(same.size(), threads, [&](std::size_t i) -> Result<void> {
    const Tensor& tensor = original.tensors[i];
    const auto it = by_name.find(tensor.scope + tensor.name);
    const bool single = std::ranges::all_of(tensor.shape, [](auto n) { return n == 1; });
    if (tensor.name.empty() || single || it == by_name.end()) return {};
    if (!tensor.payload || !it->second->payload) return {};
    const auto a =
        files[0][tensor.payload->file].range(tensor.payload->offset, tensor.payload->length);
    const auto b = files[1][it->second->payload->file].range(it->second->payload->offset,
                                                             it->second->payload->length);
    if (!a) return fail(a.error());
    if (!b) return fail(b.error());
    same[i] = *a == *b;
    // Most differ at once; the pages around that place have been mapped all the same.
    pages.spend({files[0], files[1]}, same[i] ? 2 * a->size() : 2 * kBytesOfALook);
    return {};
  });
  if (!done) return fail(done.error());
  std::uint64_t bytes = 0, all = 0;
  for (std::size_t i = 0; i < same.size(); ++i) {
    const Tensor& tensor = original.tensors[i];
    const std::uint64_t size = tensor.payload ? tensor.payload->length : 0;
    all += size;
    if (!same[i] || size == 0) continue;
    bytes += size;
    shared.push_back({tensor.scope + tensor.name, size});
  }
  std::ranges::stable_sort(shared, std::greater{}, &SharedTensor::bytes);
  std::string detail = fmt::format("{} tensors, {} of {}, are the original's byte for byte",
                                   shared.size(), megabytes(bytes), megabytes(all));
  constexpr std::size_t kShown = 3;
  for (std::size_t i = 0; i < std::min(kShown, shared.size()); ++i) {
    detail += fmt::format("{} {} ({})", i ? "," : ":", in_quotes(shared[i].name),
                          megabytes(shared[i].bytes));
  }
  return Check{"shared tensors", Outcome::kNoted, std::move(detail), ""};
}

}  // namespace permcrypt
