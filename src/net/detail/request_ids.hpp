// Ids for requests that bring none.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string>

namespace selvage::net::detail {

// 32 hex digits. Unique for all practical purposes but guessable: an id finds log lines and grants
// nothing, so it does not need a system call for each request. One loop.
class RequestIds {
 public:
  RequestIds() {
    std::random_device device;
    for (std::uint64_t& word : state_) word = (std::uint64_t{device()} << 32) | device();
  }

  void write_next(std::string& id) {
    constexpr char kDigits[] = "0123456789abcdef";
    id.resize(32);
    for (std::size_t i = 0; i < 32; i += 16) {
      std::uint64_t word = next(state_[i / 16]);
      for (std::size_t j = 0; j < 16; ++j, word >>= 4) id[i + j] = kDigits[word & 15];
    }
  }

 private:
  // SplitMix64, Steele, Lea and Flood 2014.
  static std::uint64_t next(std::uint64_t& state) {
    std::uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  std::array<std::uint64_t, 2> state_{};
};

// What X-Request-Id may hold: 1 to 128 of [A-Za-z0-9._-].
[[nodiscard]] constexpr bool is_request_id(std::string_view text) {
  if (text.empty() || text.size() > 128) return false;
  for (const char c : text) {
    const bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '.' || c == '_' || c == '-';
    if (!ok) return false;
  }
  return true;
}

}  // namespace selvage::net::detail
