#include "schedule/detail/tzif.hpp"

#include <algorithm>

namespace selvage::schedule::detail {

namespace {

constexpr std::size_t kHeaderBytes = 44;
constexpr std::size_t kTypeBytes = 6;
constexpr std::size_t kMaxChanges = 10'000;

std::int64_t big_endian(std::string_view bytes) {
  std::uint64_t value = static_cast<signed char>(bytes[0]) < 0 ? ~std::uint64_t{0} : 0;
  for (const char byte : bytes) value = value << 8U | static_cast<unsigned char>(byte);
  return static_cast<std::int64_t>(value);
}

struct Header {
  char version = 0;
  std::size_t utc_flags = 0;
  std::size_t standard_flags = 0;
  std::size_t leap_seconds = 0;
  std::size_t changes = 0;
  std::size_t types = 0;
  std::size_t letters = 0;

  [[nodiscard]] std::size_t block_bytes(std::size_t time_bytes) const {
    return changes * (time_bytes + 1) + types * kTypeBytes + letters +
           leap_seconds * (time_bytes + 4) + standard_flags + utc_flags;
  }
};

std::optional<Header> read_header(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with("TZif")) return std::nullopt;
  Header header{.version = bytes[4]};
  std::size_t at = 20;
  for (std::size_t* count : {&header.utc_flags, &header.standard_flags, &header.leap_seconds,
                             &header.changes, &header.types, &header.letters}) {
    const std::int64_t value = big_endian(bytes.substr(at, 4));
    if (value < 0 || value > static_cast<std::int64_t>(kMaxChanges)) return std::nullopt;
    *count = static_cast<std::size_t>(value);
    at += 4;
  }
  return header;
}

// What neighbours share is one span, so that only real changes are left.
void drop_repeats(ZoneTable& table) {
  seconds before = table.first;
  std::erase_if(table.changes, [&](const OffsetChange& change) {
    return std::exchange(before, change.offset) == change.offset;
  });
}

}  // namespace

std::optional<ZoneTable> parse_tzif(std::string_view bytes) {
  const auto old = read_header(bytes);  // the block of 32-bit times, which is stepped over
  if (!old || old->version < '2') return std::nullopt;
  const std::size_t second = kHeaderBytes + old->block_bytes(4);
  if (second > bytes.size()) return std::nullopt;
  bytes.remove_prefix(second);
  const auto header = read_header(bytes);
  if (!header || header->types == 0 || header->leap_seconds != 0) return std::nullopt;
  bytes.remove_prefix(kHeaderBytes);
  if (header->block_bytes(8) > bytes.size()) return std::nullopt;

  const std::string_view times = bytes.substr(0, header->changes * 8);
  const std::string_view indexes = bytes.substr(times.size(), header->changes);
  const std::string_view types =
      bytes.substr(times.size() + indexes.size(), header->types * kTypeBytes);
  const auto offset_of = [&](std::size_t type) {
    return seconds(big_endian(types.substr(type * kTypeBytes, 4)));
  };
  ZoneTable table{.first = offset_of(0)};
  for (std::size_t i = 0; i < header->changes; ++i) {
    const auto type = static_cast<unsigned char>(indexes[i]);
    if (type >= header->types) return std::nullopt;
    const sys_seconds at(seconds(big_endian(times.substr(i * 8, 8))));
    if (!table.changes.empty() && at <= table.changes.back().at) return std::nullopt;
    table.changes.push_back({at, offset_of(type)});
  }
  drop_repeats(table);

  std::string_view footer = bytes.substr(header->block_bytes(8));
  if (footer.size() < 2 || footer.front() != '\n') return std::nullopt;
  footer = footer.substr(1, footer.find('\n', 1) - 1);
  if (footer.empty()) return table;
  table.rule = parse_posix_time_rule(footer);
  if (!table.rule) return std::nullopt;
  return table;
}

}  // namespace selvage::schedule::detail
