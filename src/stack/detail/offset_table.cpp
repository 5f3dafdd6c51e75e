#include <algorithm>

#include "base/text.hpp"
#include "stack/detail/composer.hpp"

namespace selvage::stack::detail {

OffsetTable::OffsetTable(std::string_view bytes, std::size_t skipped)
    : bytes_(bytes),
      ascii_(std::ranges::all_of(bytes.substr(skipped),
                                 [](char c) { return static_cast<unsigned char>(c) < 0x80; })),
      skipped_(skipped) {
  if (ascii_) return;
  std::size_t count = 0;
  for (std::size_t at = skipped; at < bytes.size(); ++count) {
    if (count % 64 == 0) every_64th_.push_back(static_cast<std::uint32_t>(at));
    at += std::max<std::size_t>(1, utf8_sequence(bytes.substr(at)));
  }
}

std::uint32_t OffsetTable::offset(std::size_t code_point) const {
  if (ascii_) return static_cast<std::uint32_t>(std::min(skipped_ + code_point, bytes_.size()));
  if (code_point / 64 >= every_64th_.size()) return static_cast<std::uint32_t>(bytes_.size());
  std::size_t at = every_64th_[code_point / 64];
  for (std::size_t left = code_point % 64; left > 0 && at < bytes_.size(); --left) {
    at += std::max<std::size_t>(1, utf8_sequence(bytes_.substr(at)));
  }
  return static_cast<std::uint32_t>(at);
}

}  // namespace selvage::stack::detail
