// One file of a copy while it is worked on: chunks are rendered and tagged in any order, by any
// thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "apply/chunks.h"
#include "apply/segments.h"
#include "base/mapped_file.h"
#include "permcrypt/apply.h"

namespace permcrypt {

// The permuted bytes of a payload that can only be permuted as a whole. Made when first needed,
// freed when all of it has been rendered.
class WholePayload {
 public:
  explicit WholePayload(std::uint64_t length) : left_(length) {}
  // Its bytes [first, last); `make` is called once.
  Result<void> render(const std::function<Result<std::string>()>& make, std::uint64_t first,
                      std::uint64_t last, char* out);

 private:
  std::mutex mutex_;
  bool made_ = false;
  std::string bytes_;
  std::uint64_t left_;
};

class FileTask {
 public:
  // Errors: as copy_files().
  static Result<std::unique_ptr<FileTask>> open(const CopyJob& job, std::size_t index);

  // The chunks of the job that the longer one of input and output has.
  ChunkRange chunks() const;
  std::uint64_t out_size() const { return segments_.out_size; }

  // Renders output chunk `chunk`, if there is one, into `buffer` and returns its bytes there.
  Result<std::string_view> render(std::uint64_t chunk, char* buffer, PageBudget& pages);
  // Tags input chunk `chunk`, if there is one.
  Result<void> tag_input(std::uint64_t chunk, const DigestKey& key, PageBudget& pages);
  void tag_output(std::uint64_t chunk, std::string_view bytes, const DigestKey& key);
  // REQUIRES: called once for each chunk, when it is done with. Unmaps the input after the last.
  void end_chunk();

  FileTags take_input_tags() { return std::move(input_tags_); }
  FileTags take_output_tags() { return std::move(output_tags_); }

 private:
  FileTask(const CopyJob& job, std::size_t index) : job_(job), index_(index) {}
  const FileCopy& copy() const { return job_.files[index_]; }
  Result<std::shared_ptr<const MappedFile>> input();
  Result<void> render_segment(const Segment& segment, std::string_view input, std::uint64_t first,
                              std::uint64_t last, char* out);
  Result<std::string> permute_whole(const PayloadMove& move, std::string_view input) const;

  const CopyJob& job_;
  const std::size_t index_;
  Segments segments_;
  std::map<std::uint32_t, WholePayload> whole_;  // by index of the move
  FileTags input_tags_, output_tags_;
  std::mutex mutex_;  // guards input_
  std::shared_ptr<const MappedFile> input_;
  std::atomic<std::uint64_t> chunks_left_ = 0;
};

}  // namespace permcrypt
