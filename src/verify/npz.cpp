#include "verify/npz.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <set>

#include "base/quote.h"
#include "verify/npy.h"

namespace permcrypt {
namespace {

constexpr std::uint64_t kMaxUnpacked = std::uint64_t{4} << 30;  // of all members together
constexpr std::size_t kMaxMembers = 0xfffe;
constexpr std::uint32_t kMax32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t kLocalSignature = 0x04034b50, kCentralSignature = 0x02014b50,
                        kEndSignature = 0x06054b50, kEnd64Signature = 0x06064b50,
                        kLocator64Signature = 0x07064b50;
constexpr std::size_t kLocalSize = 30, kCentralSize = 46, kEndSize = 22, kEnd64Size = 56,
                      kLocator64Size = 20;
constexpr std::uint16_t kStored = 0, kDeflated = 8;

// Little-endian numbers at any offset. Reads past the end yield zeros and clear ok().
class Bytes {
 public:
  explicit Bytes(std::string_view all) : all_(all) {}

  std::uint64_t number(std::uint64_t offset, unsigned width) {
    if (!within(offset, width)) return 0;
    std::uint64_t value = 0;
    for (unsigned i = width; i-- > 0;)
      value = value << 8 | static_cast<std::uint8_t>(all_[offset + i]);
    return value;
  }
  std::uint32_t u16(std::uint64_t offset) { return static_cast<std::uint32_t>(number(offset, 2)); }
  std::uint32_t u32(std::uint64_t offset) { return static_cast<std::uint32_t>(number(offset, 4)); }
  std::string_view slice(std::uint64_t offset, std::uint64_t length) {
    return within(offset, length) ? all_.substr(offset, length) : std::string_view();
  }
  std::size_t size() const { return all_.size(); }
  bool ok() const { return ok_; }

 private:
  bool within(std::uint64_t offset, std::uint64_t length) {
    if (offset > all_.size() || length > all_.size() - offset) ok_ = false;
    return ok_;
  }

  std::string_view all_;
  bool ok_ = true;
};

struct Directory {
  std::uint64_t entries = 0, offset = 0;
};

struct Member {
  std::string name;
  std::uint32_t flags = 0, method = 0, crc = 0;
  std::uint64_t packed = 0, size = 0, header = 0;
};

// The end record is the last thing in the file, but for a comment of at most 64 KiB.
std::optional<Directory> find_directory(Bytes& zip) {
  if (zip.size() < kEndSize) return std::nullopt;
  const std::uint64_t last = zip.size() - kEndSize;
  const std::uint64_t first = last - std::min<std::uint64_t>(last, 0xffff);
  std::uint64_t end = last;
  while (zip.u32(end) != kEndSignature) {
    if (end-- == first) return std::nullopt;
  }
  Directory directory{zip.u16(end + 10), zip.u32(end + 16)};
  if (directory.entries != 0xffff && directory.offset != kMax32) return directory;
  if (end < kLocator64Size || zip.u32(end - kLocator64Size) != kLocator64Signature)
    return directory;
  const std::uint64_t end64 = zip.number(end - kLocator64Size + 8, 8);
  if (zip.slice(end64, kEnd64Size).empty() || zip.u32(end64) != kEnd64Signature)
    return std::nullopt;
  return Directory{zip.number(end64 + 32, 8), zip.number(end64 + 48, 8)};
}

// The zip64 extra field holds, in this order, those of the numbers that did not fit 32 bits.
void read_zip64(Bytes extra, Member& member) {
  std::uint64_t at = 0;
  while (at + 4 <= extra.size()) {
    const std::uint32_t id = extra.u16(at), length = extra.u16(at + 2);
    at += 4;
    if (id == 1) {
      for (std::uint64_t* field : {&member.size, &member.packed, &member.header}) {
        if (*field != kMax32) continue;
        *field = extra.number(at, 8);
        at += 8;
      }
      return;
    }
    at += length;
  }
}

// Reads the directory entry at `at` and moves on to the next.
std::optional<Member> next_member(Bytes& zip, std::uint64_t& at) {
  if (zip.u32(at) != kCentralSignature) return std::nullopt;
  Member member;
  member.flags = zip.u16(at + 8);
  member.method = zip.u16(at + 10);
  member.crc = zip.u32(at + 16);
  member.packed = zip.u32(at + 20);
  member.size = zip.u32(at + 24);
  const std::uint32_t name = zip.u16(at + 28), extra = zip.u16(at + 30), comment = zip.u16(at + 32);
  member.header = zip.u32(at + 42);
  member.name = zip.slice(at + kCentralSize, name);
  read_zip64(Bytes(zip.slice(at + kCentralSize + name, extra)), member);
  at += kCentralSize + name + extra + comment;
  if (!zip.ok()) return std::nullopt;
  return member;
}

// Memory grows with what comes out, so a member's claim alone costs nothing.
std::optional<std::string> inflate_member(std::string_view packed, std::uint64_t size) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return std::nullopt;
  std::string result, chunk(1 << 16, '\0');
  int status = Z_OK;
  while (status == Z_OK && result.size() <= size) {
    if (stream.avail_in == 0) {
      const std::size_t part = std::min<std::size_t>(packed.size(), 1 << 30);
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
      stream.avail_in = static_cast<uInt>(part);
      packed.remove_prefix(part);
    }
    stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
    stream.avail_out = static_cast<uInt>(chunk.size());
    status = inflate(&stream, Z_NO_FLUSH);
    result.append(chunk, 0, chunk.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (status != Z_STREAM_END || result.size() != size) return std::nullopt;
  return result;
}

std::uint32_t crc_of(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

Result<TensorData> read_member(Bytes& zip, const Member& member) {
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorKind::kInput, fmt::format("archive member {} {}", in_quotes(member.name), why));
  };
  if (member.flags & 1) return refuse("is encrypted");
  if (zip.u32(member.header) != kLocalSignature) return refuse("is damaged");
  const std::uint64_t start =
      member.header + kLocalSize + zip.u16(member.header + 26) + zip.u16(member.header + 28);
  const std::string_view packed = zip.slice(start, member.packed);
  if (!zip.ok()) return refuse("is damaged");
  std::string name = member.name;
  if (name.ends_with(".npy")) name.resize(name.size() - 4);

  if (member.method == kStored) {
    if (crc_of(packed) != member.crc) return refuse("is damaged");
    return decode_npy(packed, std::move(name));
  }
  if (member.method != kDeflated) return refuse("is compressed in an unknown way");
  const auto unpacked = inflate_member(packed, member.size);
  if (!unpacked || crc_of(*unpacked) != member.crc) return refuse("is damaged");
  return decode_npy(*unpacked, std::move(name));
}

class Writer {
 public:
  void put(std::uint64_t value, unsigned width) {
    for (unsigned i = 0; i < width; ++i) out_ += static_cast<char>(value >> (8 * i));
  }
  void put(std::string_view bytes) { out_ += bytes; }
  std::string& out() { return out_; }

 private:
  std::string out_;
};

// What local header and directory entry have in common: version, flags, method, date, CRC, sizes,
// name length, extra length.
void put_member(Writer& to, const Member& member) {
  constexpr std::uint32_t kVersion = 20, kNoTime = 0, kFirstDay = 1 << 5 | 1;  // 1980-01-01
  to.put(kVersion, 2);
  to.put(0, 2);
  to.put(kStored, 2);
  to.put(kNoTime, 2);
  to.put(kFirstDay, 2);
  to.put(member.crc, 4);
  to.put(member.size, 4);
  to.put(member.size, 4);
  to.put(member.name.size(), 2);
  to.put(0, 2);
}

}  // namespace

Result<std::vector<TensorData>> decode_npz(std::string_view npz) {
  Bytes zip(npz);
  const auto directory = find_directory(zip);
  if (!directory) return fail(ErrorKind::kInput, "not a .npz archive");
  std::vector<TensorData> tensors;
  std::set<std::string> names;
  std::uint64_t at = directory->offset, unpacked = 0;
  for (std::uint64_t i = 0; i < directory->entries; ++i) {
    const auto member = next_member(zip, at);
    if (!member) return fail(ErrorKind::kInput, "damaged .npz archive");
    if (member->size > kMaxUnpacked - unpacked) {
      return fail(ErrorKind::kInput, "the .npz archive unpacks to more than 4 GiB");
    }
    unpacked += member->size;
    Result<TensorData> tensor = read_member(zip, *member);
    if (!tensor) return fail(tensor.error());
    if (!names.insert(tensor->name).second) {
      return fail(ErrorKind::kInput, "two arrays are called " + in_quotes(tensor->name));
    }
    tensors.push_back(*std::move(tensor));
  }
  return tensors;
}

Result<std::string> encode_npz(std::span<const TensorData> tensors) {
  if (tensors.size() > kMaxMembers) return fail(ErrorKind::kOutput, "too many tensors for a .npz");
  Writer file, directory;
  for (const TensorData& tensor : tensors) {
    const Result<std::string> npy = encode_npy(tensor);
    if (!npy) return fail(npy.error());
    Member member{.name = tensor.name + ".npy", .crc = crc_of(*npy)};
    member.size = npy->size();
    member.header = file.out().size();
    if (member.header + member.size > kMax32 - (1 << 24) || member.name.size() > 0xfff) {
      return fail(ErrorKind::kOutput,
                  "tensor " + in_quotes(tensor.name) + " does not fit into a .npz archive");
    }
    file.put(kLocalSignature, 4);
    put_member(file, member);
    file.put(member.name);
    file.put(*npy);
    directory.put(kCentralSignature, 4);
    directory.put(20, 2);  // made by version 2.0
    put_member(directory, member);
    directory.put(0, 2);  // comment
    directory.put(0, 2);  // disk
    directory.put(0, 2);  // internal attributes
    directory.put(0, 4);  // external attributes
    directory.put(member.header, 4);
    directory.put(member.name);
  }
  const std::uint64_t start = file.out().size();
  file.put(directory.out());
  file.put(kEndSignature, 4);
  file.put(0, 4);  // disks
  file.put(tensors.size(), 2);
  file.put(tensors.size(), 2);
  file.put(directory.out().size(), 4);
  file.put(start, 4);
  file.put(0, 2);  // comment
  return std::move(file.out());
}

}  // namespace permcrypt
