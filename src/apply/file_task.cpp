#include "apply/file_task.h"

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

#include "apply/encoded.h"
#include "apply/gather.h"
#include "apply/sparse.h"

namespace permcrypt {

Result<void> WholePayload::render(const std::function<Result<std::string>()>& make,
                                  std::uint64_t first, std::uint64_t last, char* out) {
  std::lock_guard lock(mutex_);
  if (!made_) {
    auto bytes = make();
    if (!bytes) return fail(std::move(bytes.error()));
    bytes_ = std::move(*bytes);
    made_ = true;
  }
  std::memcpy(out, bytes_.data() + first, last - first);
  left_ -= last - first;
  if (left_ == 0) std::string().swap(bytes_);
  return {};
}

Result<std::unique_ptr<FileTask>> FileTask::open(const CopyJob& job, std::size_t index) {
  std::unique_ptr<FileTask> task(new FileTask(job, index));
  const FileCopy& copy = job.files[index];
  auto input = MappedFile::open(copy.input);
  if (!input) return fail(std::move(input.error()));
  auto segments = make_segments(copy, input->size());
  if (!segments) return fail(std::move(segments.error()));
  if (auto same = check_edits(copy, input->bytes()); !same) {
    return fail(std::move(same.error()));
  }
  task->segments_ = std::move(*segments);
  for (std::size_t i = 0; i < copy.moves.size(); ++i) {
    const PayloadMove& move = copy.moves[i];
    if (move.view.encoding == Encoding::kFixed && !move.sparse) {
      // Prepared again for each chunk; here only for its errors, before anything is written.
      if (auto fits = Gather::prepare(move, job.permutations); !fits) {
        return fail(std::move(fits.error()));
      }
    } else {
      task->whole_.try_emplace(static_cast<std::uint32_t>(i), move.length);
    }
  }
  task->input_tags_ = {input->size(), std::vector<ChunkTag>(chunk_count(input->size()))};
  task->output_tags_ = {task->out_size(), std::vector<ChunkTag>(chunk_count(task->out_size()))};
  task->chunks_left_ = task->chunks().end - task->chunks().begin;
  return task;
}

ChunkRange FileTask::chunks() const {
  const std::uint64_t count = std::max(input_tags_.tags.size(), output_tags_.tags.size());
  const ChunkRange wanted = copy().chunks;
  const std::uint64_t end = std::min(wanted.end, count);
  return {std::min(wanted.begin, end), end};
}

// Thousands of data files are not all mapped at once: the first chunk maps, the last one unmaps.
Result<std::shared_ptr<const MappedFile>> FileTask::input() {
  std::lock_guard lock(mutex_);
  if (input_ == nullptr) {
    auto opened = MappedFile::open(copy().input);
    if (!opened) return fail(std::move(opened.error()));
    input_ = std::make_shared<const MappedFile>(std::move(*opened));
  }
  // Touching a file that was truncated in the meantime would be fatal.
  if (auto whole = input_->range(0, input_tags_.size); !whole) {
    return fail(std::move(whole.error()));
  }
  return input_;
}

void FileTask::end_chunk() {
  if (chunks_left_.fetch_sub(1) > 1) return;
  std::lock_guard lock(mutex_);
  input_ = nullptr;
}

Result<std::string_view> FileTask::render(std::uint64_t chunk, char* buffer, PageBudget& pages) {
  const std::uint64_t begin = chunk * kChunkBytes;
  if (begin >= out_size()) return std::string_view();
  const std::uint64_t end = begin + std::min(kChunkBytes, out_size() - begin);
  auto file = input();
  if (!file) return fail(std::move(file.error()));

  const auto& list = segments_.list;
  auto segment =
      std::upper_bound(list.begin(), list.end(), begin,
                       [](std::uint64_t at, const Segment& s) { return at < s.out_begin; });
  --segment;  // the first segment begins at 0
  for (std::uint64_t at = begin; at < end; ++segment) {
    const std::uint64_t first = at - segment->out_begin;
    const std::uint64_t last = std::min(segment->length, end - segment->out_begin);
    if (auto done = render_segment(*segment, (*file)->bytes(), first, last, buffer + (at - begin));
        !done) {
      return fail(std::move(done.error()));
    }
    at += last - first;
  }
  pages.spend(**file, end - begin);
  return std::string_view(buffer, end - begin);
}

Result<void> FileTask::render_segment(const Segment& segment, std::string_view input,
                                      std::uint64_t first, std::uint64_t last, char* out) {
  switch (segment.kind) {
    case Segment::Kind::kCopy:
      std::memcpy(out, input.data() + segment.in_begin + first, last - first);
      return {};
    case Segment::Kind::kEdit:
      std::memcpy(out, copy().edits[segment.index].replacement.data() + first, last - first);
      return {};
    case Segment::Kind::kMove:
      break;
  }
  const PayloadMove& move = copy().moves[segment.index];
  if (const auto whole = whole_.find(segment.index); whole != whole_.end()) {
    return whole->second.render([&] { return permute_whole(move, input); }, first, last, out);
  }
  auto gather = Gather::prepare(move, job_.permutations);
  if (!gather) return fail(std::move(gather.error()));
  return gather->render(input.substr(segment.in_begin, move.length), first, last, out);
}

Result<std::string> FileTask::permute_whole(const PayloadMove& move, std::string_view input) const {
  const std::string_view payload = input.substr(move.offset, move.length);
  if (!move.sparse) return permute_encoded(move, payload, job_.permutations);
  return permute_sparse(move, payload, job_);
}

Result<void> FileTask::tag_input(std::uint64_t chunk, const DigestKey& key, PageBudget& pages) {
  if (chunk >= input_tags_.tags.size()) return {};
  auto file = input();
  if (!file) return fail(std::move(file.error()));
  const std::string_view all = (*file)->bytes();
  input_tags_.tags[chunk] =
      tag_input_chunk(all.substr(chunk * kChunkBytes, kChunkBytes), all.size(), key, index_, chunk,
                      copy().manifest_bytes > 0);
  pages.spend(**file, kChunkBytes);
  return {};
}

void FileTask::tag_output(std::uint64_t chunk, std::string_view bytes, const DigestKey& key) {
  if (!bytes.empty()) output_tags_.tags[chunk] = tag_chunk(bytes, key, index_, chunk);
}

}  // namespace permcrypt
