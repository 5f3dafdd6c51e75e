// Reading integers out of untrusted bytes. Every read is checked; there is no way to step outside.
#pragma once

#include <cstdint>
#include <string_view>

namespace selvage::image::detail {

// REQUIRES nothing: an offset past the end reads as 0, so check sizes where 0 would be believable.
inline std::uint32_t byte_at(std::string_view bytes, std::size_t offset) {
  return offset < bytes.size() ? static_cast<unsigned char>(bytes[offset]) : 0;
}
inline std::uint32_t big16(std::string_view b, std::size_t o) {
  return byte_at(b, o) << 8 | byte_at(b, o + 1);
}
inline std::uint32_t big32(std::string_view b, std::size_t o) {
  return big16(b, o) << 16 | big16(b, o + 2);
}
inline std::uint32_t little16(std::string_view b, std::size_t o) {
  return byte_at(b, o) | byte_at(b, o + 1) << 8;
}
inline std::uint32_t little24(std::string_view b, std::size_t o) {
  return little16(b, o) | byte_at(b, o + 2) << 16;
}
inline std::uint32_t little32(std::string_view b, std::size_t o) {
  return little16(b, o) | little16(b, o + 2) << 16;
}

// substr that clips instead of throwing.
inline std::string_view slice(std::string_view bytes, std::size_t offset, std::size_t count) {
  return offset <= bytes.size() ? bytes.substr(offset, count) : std::string_view{};
}

}  // namespace selvage::image::detail
