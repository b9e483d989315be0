#include "verify/changed_weights.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>
#include <system_error>
#include <utility>

#include "base/mapped_file.h"
#include "base/output_file.h"
#include "base/quote.h"
#include "verify/leak_check.h"
#include "verify/static_check.h"
#include "write/changed_model.h"
#include "write/graph_records.h"
#include "write/inserted_names.h"

namespace permcrypt {
namespace {

namespace fs = std::filesystem;

// For nobody else's eyes, and gone afterwards.
class PrivateFolder {
 public:
  static Result<PrivateFolder> make() {
    std::error_code error;
    std::string name = (fs::temp_directory_path(error) / "permcrypt-XXXXXX").native();
    if (error || ::mkdtemp(name.data()) == nullptr) {
      return fail(ErrorKind::kOutput, "cannot make a temporary folder",
                  "point TMPDIR at a folder with room for the model");
    }
    PrivateFolder out;
    out.path_ = name;
    return out;
  }
  PrivateFolder(PrivateFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  PrivateFolder& operator=(PrivateFolder&&) = delete;
  ~PrivateFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  PrivateFolder() = default;
  fs::path path_;
};

Result<void> write_plain(const ChangedModel& changed, const fs::path& out, unsigned threads) {
  OutputSet outputs;
  std::vector<std::size_t> numbers;
  std::vector<fs::path> paths{out};
  paths.insert(paths.end(), changed.data_files.begin(), changed.data_files.end());
  for (const fs::path& path : paths) {
    std::error_code ignored;
    fs::create_directories(path.parent_path(), ignored);
    const auto number = outputs.add(path, {.if_exists = IfExists::kRefuse, .mode = 0600});
    if (!number) return fail(number.error());
    numbers.push_back(*number);
  }
  CopyOptions options;
  options.threads = threads;
  const auto copied = copy_files(changed.job, options, [&](auto file, auto offset, auto bytes) {
    return outputs.write(numbers[file], offset, bytes);
  });
  if (!copied) return fail(copied.error());
  return outputs.commit();
}

std::string list(const std::vector<std::string>& items) {
  constexpr std::size_t kMost = 4;
  std::string out;
  for (std::size_t i = 0; i < std::min(kMost, items.size()); ++i) out += (i ? ", " : "") + items[i];
  return items.size() > kMost ? out + fmt::format(" and {} more", items.size() - kMost) : out;
}

// The same graph as the original's, or which parts are not.
Check check_graph(const Model& original, const Model& plain, const Plan& plan) {
  const auto records = [&](const Model& model) {
    PayloadReader payloads(model);
    return graph_records(model.structure, payloads, plan);
  };
  const std::string key(32, 'g');  // nobody attacks a comparison of two files at hand
  std::vector<std::string> other;
  for (const auto& [from, to] : {std::pair(&plain, &original), {&original, &plain}}) {
    const auto known = hash_records(records(*to), key);
    for (const auto& record : unknown_records(records(*from), known, key)) {
      if (std::ranges::find(other, record.label) == other.end()) other.push_back(record.label);
    }
  }
  if (other.empty()) {
    return {"graph", Outcome::kPassed, "all nodes, names and shapes are the original's", ""};
  }
  return {"graph", Outcome::kFailed, "not as in the original: " + list(other),
          "weights may change, the rest may not"};
}

Result<Check> compare_weights(const Model& original, const Model& plain) {
  std::map<std::string, const Tensor*> by_name;
  for (const Tensor& tensor : plain.tensors) by_name[tensor.scope + tensor.name] = &tensor;
  PayloadReader before(original), after(plain);
  std::vector<std::string> missing, changed;
  std::size_t equal = 0, cast = 0;
  for (const Tensor& tensor : original.tensors) {
    const std::string name = tensor.scope + tensor.name;
    const auto it = by_name.find(name);
    if (it == by_name.end() || it->second->shape != tensor.shape) {
      missing.push_back(in_quotes(name));
      continue;
    }
    if (!tensor.payload || !it->second->payload) continue;
    if (it->second->type != tensor.type) {
      ++cast;
      continue;
    }
    const auto a = before.bytes(*tensor.payload), b = after.bytes(*it->second->payload);
    if (!a) return fail(a.error());
    if (!b) return fail(b.error());
    if (*a == *b) {
      ++equal;
    } else {
      changed.push_back(in_quotes(name));
    }
  }
  std::string detail =
      fmt::format("{} tensors are equal, {} differ, {} were cast", equal, changed.size(), cast);
  if (!changed.empty()) detail += ": " + list(changed);
  if (missing.empty()) return Check{"weights", Outcome::kNoted, std::move(detail), ""};
  return Check{"weights", Outcome::kFailed,
               detail + "; not in the encrypted model, or of another shape: " + list(missing),
               "this is not an encryption of that original: compare the file names"};
}

Result<void> add_leaks(const VerifyRequest& request, const Subject& subject, const Model& encrypted,
                       const Model* original, Verdict& verdict) {
  auto secrets = check_secrets(subject, false, request.threads);
  if (!secrets) return fail(secrets.error());
  verdict.checks.push_back(*std::move(secrets));
  verdict.checks.push_back(check_metadata(encrypted, nullptr));
  if (!original) return {};
  auto shared = list_shared(*original, encrypted, request.threads, verdict.shared);
  if (!shared) return fail(shared.error());
  verdict.checks.push_back(*std::move(shared));
  return {};
}

Result<void> check_plain(const VerifyRequest& request, const Subject& subject, const Opened& opened,
                         const Model& encrypted, const Model& plain, Verdict& verdict) {
  std::optional<Model> original;
  if (request.original) {
    auto model = read_model(*request.original);
    if (!model) return fail(model.error());
    original = *std::move(model);
    verdict.checks.push_back(check_graph(*original, plain, subject.sealed.plan));
    auto weights = compare_weights(*original, plain);
    if (!weights) return fail(weights.error());
    verdict.checks.push_back(*std::move(weights));
    if (!verdict.passed()) return {};
  }
  const auto as_is = [](const std::string& name) { return name; };
  const RelocatedPlan relocated = relocate(subject.sealed.plan, plain, as_is);
  auto proof = check_proof(subject, plain, relocated.plan, request.threads);
  if (!proof) return fail(proof.error());
  verdict.checks.push_back(std::move(proof->check));
  auto done = add_leaks(request, subject, encrypted, original ? &*original : nullptr, verdict);
  if (!done) return done;
  return run_numeric(request, &plain.files[0].path, opened, verdict);
}

}  // namespace

Result<void> verify_changed(const VerifyRequest& request, const Subject& subject,
                            const Opened& opened, Verdict& verdict) {
  const auto encrypted = read_model(subject.path);
  if (!encrypted) return fail(encrypted.error());
  const auto folder = PrivateFolder::make();
  if (!folder) return fail(folder.error());
  const fs::path out = folder->path() / "model.onnx";
  const auto changed = match_changed(*encrypted, find_key_input(encrypted->structure.graph()),
                                     subject.sealed, subject.groups, out);
  if (!changed && changed.error().kind != ErrorKind::kResult) return fail(changed.error());
  const auto matched = changed ? changed->check() : fail(changed.error());
  if (!matched) {
    verdict.checks.push_back(
        {"changed weights", Outcome::kFailed, matched.error().message, matched.error().hint});
    return {};
  }
  verdict.checks.push_back(
      {"changed weights", changed->recorded ? Outcome::kPassed : Outcome::kNoted,
       fmt::format("all {} tensors that move were found{}",
                   subject.sealed.plan.tensors.size() + subject.sealed.plan.sparse.size(),
                   changed->recorded ? ", and the graph is the one that was encrypted"
                                     : "; the file does not record its graph"),
       ""});
  if (auto done = write_plain(*changed, out, request.threads); !done) return done;
  const auto plain = read_model(out);
  if (!plain) return fail(plain.error());
  return check_plain(request, subject, opened, *encrypted, *plain, verdict);
}

}  // namespace permcrypt
