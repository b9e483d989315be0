// Permuting payloads where they lie, for disks that hold a model once.
//
// The work is cut into steps of bounded size. A step says which bytes go where, and is computed
// from the files as the steps before it left them: whoever keeps a step until it has been applied
// can apply it again after a crash, and go on from its cursor.
//
// Small payloads are rendered whole. Of large ones a step follows the cycles of the permutation of
// rows: row r is overwritten right after the row that needed it, and what the last row of a cycle
// will be is held from the cycle's beginning.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/mapped_file.h"
#include "permcrypt/apply.h"

namespace permcrypt {

// Where the next step begins.
struct InPlaceCursor {
  std::uint64_t file = 0, move = 0;  // CopyJob::files[file].moves[move]
  bool in_cycle = false;             // of rows; if not, cycles that begin before `leader` are done
  std::uint64_t leader = 0, row = 0;
  std::string held;  // in a cycle: the new bytes of its last row
  bool operator==(const InPlaceCursor&) const = default;
};

struct InPlaceStep {
  struct Place {
    std::uint64_t offset = 0, length = 0;
    bool operator==(const Place&) const = default;
  };
  std::uint64_t file = 0;
  std::vector<Place>
      places;  // of the bytes, one after the other; none: there is nothing left to do
  std::string bytes;
  InPlaceCursor next;
  bool operator==(const InPlaceStep&) const = default;
};

class InPlace {
 public:
  // The data files of a job, files[1...]; their edits must be none. A step has about `step_bytes`.
  InPlace(const CopyJob& job, std::uint64_t step_bytes, unsigned threads);
  ~InPlace();

  // Whether every payload can be moved in steps of this size. Errors: kState when the rows of one
  // are too long; kInput as copy_files().
  Result<void> check() const;

  // The step at `cursor`, in the memory of one that is no longer needed. REQUIRES: all steps before
  // it were applied.
  Result<InPlaceStep> next(const InPlaceCursor& cursor, InPlaceStep used = {});

 private:
  class Rows;
  Result<InPlaceStep> whole_payloads(InPlaceCursor cursor, std::string memory);
  Result<InPlaceStep> rows(const InPlaceCursor& cursor, std::string memory);
  Result<std::string_view> payload(const InPlaceCursor& cursor);
  Result<void> render(std::string_view payload, std::span<const std::uint64_t> rows,
                      std::string& out) const;
  bool is_small(const PayloadMove& move) const { return move.length <= step_bytes_; }

  const CopyJob& job_;
  const std::uint64_t step_bytes_;
  const unsigned threads_;
  std::uint64_t mapped_ = 0;  // which file `file_` is
  std::optional<MappedFile> file_;
  std::unique_ptr<Rows> rows_;  // of the payload at the last cursor
};

}  // namespace permcrypt
