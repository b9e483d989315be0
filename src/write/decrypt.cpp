#include "permcrypt/decrypt.h"

#include <system_error>
#include <utility>

#include "base/output_file.h"
#include "base/quote.h"
#include "permcrypt/apply.h"
#include "write/changed_model.h"
#include "write/checkpoint.h"
#include "write/encrypted_model.h"
#include "write/output_names.h"
#include "write/write_progress.h"

namespace permcrypt {
namespace {

namespace fs = std::filesystem;

fs::path output_of(const DecryptRequest& request) {
  return request.out.value_or(beside_encrypted(request.model, ".dec.onnx"));
}

OutputOptions output_options(const DecryptRequest& request) {
  return {.if_exists = request.force ? IfExists::kReplace : IfExists::kRefuse};
}

class Decryption {
 public:
  Decryption(const DecryptRequest& request, EncryptedModel encrypted)
      : request_(request), encrypted_(std::move(encrypted)), outputs_(inputs()) {}

  Result<DecryptReport> run() {
    const auto key = find_key(request_.key);
    if (!key) return fail(key.error());
    if (encrypted_.manifest) {
      const auto same = check_key_id(encrypted_.manifest->open, key->id());
      if (!same) return fail(same.error());
    }
    if (auto done = add_model(); !done) return fail(done.error());
    if (!request_.changed_weights) forget_structure();
    auto opened = open_with(*key, encrypted_);
    if (!opened) return fail(opened.error());
    if (request_.changed_weights) {
      const auto same = is_untouched(*opened);
      if (!same) return fail(same.error());
      if (!*same) return run_changed(*opened);
    }
    if (opened->sealed.original_sizes.size() != encrypted_.model.files.size()) {
      return fail(ErrorKind::kResult, "the model has another number of data files than it had",
                  "restore the files as encrypt wrote them");
    }
    if (auto done = add_data_files(opened->sealed); !done) return fail(done.error());
    if (auto done = copy(*opened); !done) return fail(done.error());
    if (auto done = add_checkpoint(*opened); !done) return fail(done.error());
    if (auto done = outputs_.commit(); !done) return fail(done.error());
    return DecryptReport{.files = files_};
  }

 private:
  std::vector<fs::path> inputs() const { return paths_of(encrypted_.model); }

  // Of a model of very many tensors, this is most of what is in memory; the plan says it all.
  void forget_structure() {
    onnx::ModelProto().Swap(&encrypted_.model.structure);
    encrypted_.model.tensors = std::vector<Tensor>();  // a list of nothing would keep its memory
    encrypted_.model.frames = std::vector<Frame>();
  }

  Result<bool> is_untouched(const OpenedModel& opened) const {
    const auto tags = tag_files(inputs(), opened.keys.mac, true, request_.threads);
    if (!tags) return fail(tags.error());
    return check_mac(*encrypted_.manifest, *tags, opened.keys).has_value();
  }

  Result<DecryptReport> run_changed(const OpenedModel& opened) {
    const auto changed = match_changed(encrypted_.model, encrypted_.key_input, opened.sealed,
                                       opened.groups, files_[0]);
    if (!changed) return fail(changed.error());
    if (auto done = changed->check(); !done) return fail(done.error());
    if (auto done = add_files(changed->data_files); !done) return fail(done.error());
    CopyOptions options;
    options.threads = request_.threads;
    options.memory = request_.memory;
    std::vector<std::uint64_t> sizes;
    for (const ModelFile& file : encrypted_.model.files) sizes.push_back(file.size);
    WriteProgress progress(request_.progress, sizes);
    const auto copied =
        copy_files(changed->job, options, [&](std::size_t file, std::uint64_t offset, auto bytes) {
          progress.add(bytes.size());
          return outputs_.write(numbers_[file], offset, bytes);
        });
    if (!copied) return fail(copied.error());
    if (auto done = add_checkpoint(opened); !done) return fail(done.error());
    if (auto done = outputs_.commit(); !done) return fail(done.error());
    return DecryptReport{files_, true, changed->recorded};
  }

  Result<void> add_model() {
    files_ = {output_of(request_)};
    const auto number = outputs_.add(files_[0], output_options(request_));
    if (!number) return fail(number.error());
    numbers_ = {*number};
    return {};
  }

  // The plan's locations were checked when it was read: they stay inside the folder.
  Result<void> add_data_files(const SealedPlan& sealed) {
    std::vector<fs::path> files;
    for (const std::string& location : sealed.plan.data_files) {
      files.push_back((files_[0].parent_path() / location).lexically_normal());
    }
    if (auto done = add_files(files); !done) return done;
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
      if (auto done = outputs_.reserve(numbers_[i], sealed.original_sizes[i]); !done) return done;
    }
    return {};
  }

  Result<void> add_files(const std::vector<fs::path>& files) {
    for (const fs::path& file : files) {
      files_.push_back(file);
      std::error_code error;
      fs::create_directories(fs::absolute(file).parent_path(), error);
      if (error) {
        return fail(
            ErrorKind::kOutput,
            "cannot make the folder of " + in_quotes(file.native()) + ": " + error.message(),
            "choose another place with -o");
      }
      const IfExists if_exists = request_.force ? IfExists::kReplace : IfExists::kKeepIdentical;
      const auto number = outputs_.add(file, {.if_exists = if_exists});
      if (!number) return fail(number.error());
      numbers_.push_back(*number);
    }
    return {};
  }

  Result<void> copy(const OpenedModel& opened) {
    const auto job = decryption_job(opened.sealed.plan, opened.groups, inputs(),
                                    opened.sealed.original_sizes[0]);
    if (!job) return fail(job.error());
    CopyOptions options;
    options.threads = request_.threads;
    options.memory = request_.memory;
    options.input_key = opened.keys.mac;
    options.output_key = opened.keys.original;
    WriteProgress progress(request_.progress, opened.sealed.original_sizes);
    const auto copied =
        copy_files(*job, options, [&](std::size_t file, std::uint64_t offset, auto bytes) {
          progress.add(bytes.size());
          return outputs_.write(numbers_[file], offset, bytes);
        });
    if (!copied) return explain(copied.error(), opened);
    const auto mac = check_mac(*encrypted_.manifest, copied->inputs, opened.keys);
    if (!mac) return fail(mac.error());
    if (digest_files(copied->outputs, opened.keys.original) != opened.sealed.original) {
      return fail(ErrorKind::kResult, "the result is not what was encrypted",
                  "this file was changed in a way that its MAC does not show");
    }
    return {};
  }

  Result<void> add_checkpoint(const OpenedModel& opened) {
    if (!request_.checkpoint) return {};
    if (opened.sealed.checkpoint.empty()) {
      return fail(ErrorKind::kState, "the model was encrypted without a checkpoint",
                  "encrypt with --checkpoint, so that the plan has its tensors");
    }
    const auto checkpoint = Checkpoint::open(*request_.checkpoint);
    if (!checkpoint) return fail(checkpoint.error());
    const auto job = checkpoint->job(opened.sealed.plan, opened.sealed.checkpoint, opened.groups);
    if (!job) return fail(job.error());
    CopyJob back = inverse(*job);
    back.files[0].input = *request_.checkpoint;
    files_.push_back(fs::path(files_[0]).replace_extension(".safetensors"));
    return write_checkpoint(back, files_.back(), request_.force, request_.threads);
  }

  // A copy that fails for what it reads fails because somebody changed it.
  Result<void> explain(const Error& error, const OpenedModel& opened) {
    if (error.kind == ErrorKind::kInput) {
      const auto tags = tag_files(inputs(), opened.keys.mac, true, request_.threads);
      if (tags) {
        const auto mac = check_mac(*encrypted_.manifest, *tags, opened.keys);
        if (!mac) return fail(mac.error());
      }
    }
    return fail(error);
  }

  const DecryptRequest& request_;
  EncryptedModel encrypted_;
  OutputSet outputs_;
  std::vector<fs::path> files_;
  std::vector<std::size_t> numbers_;
};

}  // namespace

Result<DecryptReport> decrypt(const DecryptRequest& request) {
  if (request.out) {
    if (auto done = check_distinct(request.model, *request.out); !done) return fail(done.error());
  }
  auto encrypted = read_encrypted(request.model);
  if (!encrypted) {
    return fail(or_blocked_output(explain_unreadable(request.model, encrypted.error(), request.key),
                                  output_of(request), output_options(request)));
  }
  return Decryption(request, *std::move(encrypted)).run();
}

}  // namespace permcrypt
