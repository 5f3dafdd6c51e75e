#include "sizing/detail/flat_file.hpp"

namespace selvage::sizing::detail {

FlatTable FlatFile::follow(std::size_t at) {
  const auto offset = load<std::uint32_t>(at);
  // Offsets point forward, so nothing can point at itself.
  if (offset == 0 || offset > bytes_.size() - at) broken_ = true;
  return broken_ ? FlatTable{} : FlatTable{at + offset};
}

std::size_t FlatFile::place(FlatTable table, int field) {
  if (!table || broken_) return 0;
  const std::int64_t vtable = static_cast<std::int64_t>(table.at) - load<std::int32_t>(table.at);
  if (vtable < 0) broken_ = true;
  if (broken_) return 0;
  const auto start = static_cast<std::size_t>(vtable);
  const std::size_t slot = 4 + 2 * static_cast<std::size_t>(field);
  if (slot + 2 > load<std::uint16_t>(start)) return 0;  // written by an older writer
  const std::size_t offset = load<std::uint16_t>(start + slot);
  return offset == 0 || broken_ ? 0 : table.at + offset;
}

FlatVector FlatFile::vector_at(std::size_t at, std::size_t element, std::size_t cap) {
  if (broken_) return {};
  const auto count = load<std::uint32_t>(at);
  if (broken_ || count > cap || count > (bytes_.size() - at - 4) / element) {
    broken_ = true;
    return {};
  }
  return {at + 4, count};
}

}  // namespace selvage::sizing::detail
