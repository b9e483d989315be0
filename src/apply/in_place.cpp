#include "apply/in_place.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "apply/gather.h"
#include "apply/sparse.h"
#include "base/parallel.h"
#include "base/quote.h"

namespace permcrypt {

// The rows of one large payload, and which of them belong to cycles that were begun.
class InPlace::Rows {
 public:
  Rows(const InPlaceCursor& at, Gather gather, std::uint64_t length)
      : file_(at.file),
        move_(at.move),
        gather_(std::move(gather)),
        source_(gather_.row_source()),
        length_(length),
        begun_((length + gather_.row_bytes() - 1) / gather_.row_bytes()) {
    const std::uint64_t leaders = at.leader + (at.in_cycle ? 1 : 0);
    for (std::uint64_t row = 0; row < leaders; ++row) {
      if (!begun_[row]) begin_cycle(row);
    }
  }

  bool are_of(const InPlaceCursor& at) const { return at.file == file_ && at.move == move_; }

  // The rows that a step writes, in its order.
  struct Walk {
    std::vector<std::uint64_t> rows;
    std::uint64_t bytes = 0;                   // of them all
    std::optional<std::uint64_t> end_of_held;  // where a cycle of earlier steps ends
  };
  // Goes on from step.next, until about `most` bytes of the journal are full; fills in the places
  // of the payload, which begins at `offset`, and where the next step begins.
  Walk walk(std::uint64_t offset, std::uint64_t most, InPlaceStep& step) {
    Walk walk;
    InPlaceCursor& at = step.next;
    while (walk.bytes + 16 * step.places.size() < most) {
      if (!at.in_cycle) {
        const auto leader = next_leader(at.leader);
        if (!leader) {
          at = {file_, move_ + 1, false, 0, 0, {}};
          break;
        }
        begin_cycle(*leader);
        at = {file_, move_, true, *leader, *leader, {}};
      }
      const auto [begin, length] = place(at.row);
      step.places.push_back({offset + begin, length});
      walk.rows.push_back(at.row);
      walk.bytes += length;
      if (const std::uint64_t source = source_(at.row); source != at.leader) {
        at.row = source;
      } else {
        if (!at.held.empty()) walk.end_of_held = walk.bytes;
        at = {file_, move_, false, at.leader + 1, 0, {}};
      }
    }
    return walk;
  }

  // The row that needs row `leader`.
  std::uint64_t last_of_cycle(std::uint64_t leader) {
    std::uint64_t last = leader;
    for (std::uint64_t next; (next = source_(last)) != leader;) last = next;
    return last;
  }

  InPlaceStep::Place place(std::uint64_t row) const {
    const std::uint64_t begin = row * gather_.row_bytes();
    return {begin, std::min(gather_.row_bytes(), length_ - begin)};
  }
  // Several rows, one after the other.
  Result<void> render(std::string_view payload, std::span<const std::uint64_t> rows,
                      char* out) const {
    return gather_.render_rows(payload, rows, out);
  }

 private:
  // The first row at or after `row` whose cycle has not begun.
  std::optional<std::uint64_t> next_leader(std::uint64_t row) const {
    const auto found =
        std::find(begun_.begin() + static_cast<std::ptrdiff_t>(row), begun_.end(), false);
    if (found == begun_.end()) return std::nullopt;
    return static_cast<std::uint64_t>(found - begun_.begin());
  }
  void begin_cycle(std::uint64_t leader) {
    begun_[leader] = true;
    for (std::uint64_t row = source_(leader); row != leader; row = source_(row)) begun_[row] = true;
  }

  std::uint64_t file_, move_;
  Gather gather_;
  RowSource source_;
  std::uint64_t length_;
  std::vector<bool> begun_;
};

namespace {

tl::unexpected<Error> too_large(const PayloadMove& move) {
  return fail(ErrorKind::kState,
              "tensor " + in_quotes(move.name) + " is too large to be permuted in place",
              "allow more memory with --memory, or write a copy elsewhere with -o");
}

// A part of a sparse tensor, when all moves of the data files before `at` are done.
Result<std::string> permute_sparse_at(const InPlaceCursor& at, PayloadMove move,
                                      std::string_view payload, const CopyJob& job) {
  const auto& moves = job.files[move.sparse->file].moves;
  const auto indices = std::ranges::find(moves, move.sparse->offset, &PayloadMove::offset);
  const auto place = static_cast<std::uint64_t>(indices - moves.begin());
  move.sparse->moved =
      move.sparse->file > 0 && std::pair<std::uint64_t, std::uint64_t>(move.sparse->file, place) <
                                   std::pair(at.file, at.move);
  return permute_sparse(move, payload, job);
}

}  // namespace

InPlace::InPlace(const CopyJob& job, std::uint64_t step_bytes, unsigned threads)
    : job_(job), step_bytes_(step_bytes), threads_(threads) {}

InPlace::~InPlace() = default;

Result<void> InPlace::check() const {
  for (std::size_t i = 1; i < job_.files.size(); ++i) {
    for (const PayloadMove& move : job_.files[i].moves) {
      if (move.sparse) {
        if (!is_small(move)) return too_large(move);
        continue;
      }
      if (move.view.encoding != Encoding::kFixed) {
        return fail(ErrorKind::kDefect,
                    "tensor " + in_quotes(move.name) + " is not of fixed width");
      }
      const auto gather = Gather::prepare(move, job_.permutations);
      if (!gather) return fail(gather.error());
      const std::uint64_t row = gather->row_bytes();
      if (!is_small(move) && (row == 0 || row > step_bytes_)) return too_large(move);
    }
  }
  return {};
}

Result<InPlaceStep> InPlace::next(const InPlaceCursor& from, InPlaceStep used) {
  InPlaceCursor cursor = from;
  cursor.file = std::max<std::uint64_t>(cursor.file, 1);
  std::string memory = std::move(used.bytes);
  while (cursor.file < job_.files.size()) {
    const auto& moves = job_.files[cursor.file].moves;
    if (cursor.move == moves.size()) {
      cursor = {cursor.file + 1, 0, false, 0, 0, {}};
      continue;
    }
    auto step = is_small(moves[cursor.move]) ? whole_payloads(cursor, std::move(memory))
                                             : rows(cursor, std::move(memory));
    if (!step || !step->places.empty()) return step;
    cursor = step->next;  // a payload without rows left
    memory = std::move(step->bytes);
  }
  return InPlaceStep{cursor.file, {}, {}, cursor};
}

Result<std::string_view> InPlace::payload(const InPlaceCursor& cursor) {
  const FileCopy& copy = job_.files[cursor.file];
  if (!file_ || mapped_ != cursor.file) {
    auto opened = MappedFile::open(copy.input);
    if (!opened) return fail(std::move(opened.error()));
    file_ = std::move(*opened);
    mapped_ = cursor.file;
  }
  return file_->range(copy.moves[cursor.move].offset, copy.moves[cursor.move].length);
}

// As many as fit into a step, each whole.
Result<InPlaceStep> InPlace::whole_payloads(InPlaceCursor cursor, std::string memory) {
  struct Piece {
    const PayloadMove& move;
    std::string_view payload;
    std::uint64_t first, last, to;
  };
  const InPlaceCursor from = cursor;
  InPlaceStep step{cursor.file, {}, std::move(memory), {}};
  std::vector<Piece> pieces;
  std::uint64_t size = 0;
  const auto& moves = job_.files[cursor.file].moves;
  for (; cursor.move < moves.size() && is_small(moves[cursor.move]); ++cursor.move) {
    const PayloadMove& move = moves[cursor.move];
    if (size + move.length + 16 * step.places.size() > step_bytes_ && size > 0) break;
    const auto bytes = payload(cursor);
    if (!bytes) return fail(bytes.error());
    const std::uint64_t most = move.sparse ? move.length : kChunkBytes;
    for (std::uint64_t at = 0; at < move.length; at += most) {
      pieces.push_back({move, *bytes, at, std::min(at + most, move.length), size + at});
    }
    step.places.push_back({move.offset, move.length});
    size += move.length;
  }
  step.bytes.resize(size);
  step.next = std::move(cursor);
  auto done = parallel_for(pieces.size(), threads_, [&](std::size_t i) -> Result<void> {
    const Piece& piece = pieces[i];
    if (piece.move.sparse) {
      const auto moved = permute_sparse_at(from, piece.move, piece.payload, job_);
      if (!moved) return fail(moved.error());
      std::ranges::copy(*moved, step.bytes.begin() + static_cast<std::ptrdiff_t>(piece.to));
      return {};
    }
    const auto gather = Gather::prepare(piece.move, job_.permutations);
    if (!gather) return fail(gather.error());
    return gather->render(piece.payload, piece.first, piece.last, step.bytes.data() + piece.to);
  });
  if (!done) return fail(std::move(done.error()));
  file_->drop_pages();
  return step;
}

// Some rows of one payload, along the cycles of their permutation.
Result<InPlaceStep> InPlace::rows(const InPlaceCursor& cursor, std::string memory) {
  const PayloadMove& move = job_.files[cursor.file].moves[cursor.move];
  if (!rows_ || !rows_->are_of(cursor)) {
    auto gather = Gather::prepare(move, job_.permutations);
    if (!gather) return fail(std::move(gather.error()));
    rows_ = std::make_unique<Rows>(cursor, std::move(*gather), move.length);
  }
  const auto bytes = payload(cursor);
  if (!bytes) return fail(bytes.error());

  InPlaceStep step{cursor.file, {}, std::move(memory), cursor};
  const Rows::Walk walk = rows_->walk(move.offset, step_bytes_, step);
  step.bytes.resize(walk.bytes);
  if (auto done = render(*bytes, walk.rows, step.bytes); !done) return fail(done.error());
  if (walk.end_of_held) {  // what its last row needed has been overwritten
    const auto end = step.bytes.begin() + static_cast<std::ptrdiff_t>(*walk.end_of_held);
    std::ranges::copy(cursor.held, end - static_cast<std::ptrdiff_t>(cursor.held.size()));
  }
  if (InPlaceCursor& at = step.next; at.in_cycle && at.held.empty()) {
    const std::uint64_t last = rows_->last_of_cycle(at.leader);
    at.held.resize(rows_->place(last).length);
    auto done = rows_->render(*bytes, {&last, 1}, at.held.data());
    if (!done) return fail(std::move(done.error()));
  }
  file_->drop_pages();
  return step;
}

// As many rows at a time as make up a chunk, or one.
Result<void> InPlace::render(std::string_view payload, std::span<const std::uint64_t> rows,
                             std::string& out) const {
  const std::uint64_t row_bytes = rows_->place(0).length;
  const std::uint64_t of_a_part = std::max<std::uint64_t>(kChunkBytes / row_bytes, 1);
  std::vector<std::uint64_t> begins;  // of each part in `out`
  std::uint64_t begin = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i % of_a_part == 0) begins.push_back(begin);
    begin += rows_->place(rows[i]).length;
  }
  return parallel_for(begins.size(), threads_, [&](std::size_t part) {
    const std::size_t first = part * of_a_part;
    const std::size_t count = std::min<std::size_t>(of_a_part, rows.size() - first);
    return rows_->render(payload, rows.subspan(first, count), out.data() + begins[part]);
  });
}

}  // namespace permcrypt
