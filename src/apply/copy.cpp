#include <algorithm>
#include <memory>
#include <mutex>

#include "apply/file_task.h"
#include "base/parallel.h"

namespace permcrypt {
namespace {

// Buffers of one chunk each; there are as many as threads ever held one at the same time.
class ChunkBuffers {
 public:
  using Buffer = std::unique_ptr<char[]>;

  Buffer take() {
    std::lock_guard lock(mutex_);
    if (free_.empty()) return std::make_unique_for_overwrite<char[]>(kChunkBytes);
    Buffer buffer = std::move(free_.back());
    free_.pop_back();
    return buffer;
  }
  void give_back(Buffer buffer) {
    std::lock_guard lock(mutex_);
    free_.push_back(std::move(buffer));
  }

 private:
  std::mutex mutex_;
  std::vector<Buffer> free_;
};

// All chunks of all files, numbered one after the other.
class Copy {
 public:
  Copy(const CopyOptions& options, const WriteAt& write)
      : options_(options), write_(write), pages_(page_limit(options.memory, options.threads)) {}

  Result<void> open(const CopyJob& job) {
    for (std::size_t i = 0; i < job.files.size(); ++i) {
      auto file = FileTask::open(job, i);
      if (!file) return fail(std::move(file.error()));
      const ChunkRange range = (*file)->chunks();
      chunks_ += range.end - range.begin;
      chunk_ends_.push_back(chunks_);
      files_.push_back(std::move(*file));
    }
    return {};
  }

  Result<void> run() {
    return parallel_for(chunks_, options_.threads, [this](std::size_t task) {
      const auto end = std::upper_bound(chunk_ends_.begin(), chunk_ends_.end(), task);
      const auto file = static_cast<std::size_t>(end - chunk_ends_.begin());
      const std::uint64_t chunk = files_[file]->chunks().end - (*end - task);
      ChunkBuffers::Buffer buffer = buffers_.take();
      Result<void> done = copy_chunk(file, chunk, buffer.get());
      buffers_.give_back(std::move(buffer));
      return done;
    });
  }

  CopyResult take_result() {
    CopyResult result;
    for (auto& file : files_) {
      result.inputs.push_back(file->take_input_tags());
      result.outputs.push_back(file->take_output_tags());
    }
    result.partial = std::move(partial_);
    return result;
  }

 private:
  Result<void> copy_chunk(std::size_t index, std::uint64_t chunk, char* buffer) {
    FileTask& file = *files_[index];
    if (auto rendered = render_chunk(index, chunk, buffer); !rendered) return rendered;
    if (options_.tag_inputs) {
      if (auto tagged = file.tag_input(chunk, options_.input_key, pages_); !tagged) return tagged;
    }
    file.end_chunk();
    return {};
  }

  Result<void> render_chunk(std::size_t index, std::uint64_t chunk, char* buffer) {
    FileTask& file = *files_[index];
    const std::uint64_t begin = chunk * kChunkBytes;
    const std::uint64_t end = std::min(begin + kChunkBytes, file.out_size());
    if (begin >= end || (options_.unwanted && options_.unwanted(index, begin, end))) return {};
    const auto bytes = file.render(chunk, buffer, pages_);
    if (!bytes) return fail(bytes.error());
    if (options_.tag_outputs) file.tag_output(chunk, *bytes, options_.output_key);
    if (auto written = write_(index, begin, *bytes); !written) return written;
    if (index == 0 && bytes->size() < kChunkBytes) partial_ = *bytes;
    return {};
  }

  const CopyOptions& options_;
  const WriteAt& write_;
  PageBudget pages_;
  ChunkBuffers buffers_;
  std::vector<std::unique_ptr<FileTask>> files_;
  std::vector<std::uint64_t> chunk_ends_;  // by file: the number of its last chunk, plus one
  std::uint64_t chunks_ = 0;
  std::string partial_;  // written by the one task that has this chunk
};

}  // namespace

Result<CopyResult> copy_files(const CopyJob& job, const CopyOptions& options,
                              const WriteAt& write) {
  Copy copy(options, write);
  if (auto opened = copy.open(job); !opened) {
    return fail(std::move(opened.error()));
  }
  if (auto done = copy.run(); !done) return fail(std::move(done.error()));
  return copy.take_result();
}

}  // namespace permcrypt
