#include "base/id.hpp"

#include <sodium.h>

#include <array>
#include <atomic>
#include <cstdint>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/detail/sodium.hpp"

namespace selvage {

namespace {

// The first 60 payload bits of a version 7 UUID: 48 of Unix milliseconds, then 12 that count up
// within one millisecond (RFC 9562, section 6.2, method 1).
constexpr int kCounterBits = 12;
// A clock that was set back is followed again once it is further behind than this.
constexpr std::uint64_t kMaxLead = std::uint64_t{10'000} << kCounterBits;

std::uint64_t next_stamp() {
  static std::atomic<std::uint64_t> last = 0;
  // The counter starts in its lower half at a random place, so that processes rarely meet.
  const std::uint64_t fresh = static_cast<std::uint64_t>(to_unix_ms(now())) << kCounterBits |
                              randombytes_uniform(1u << (kCounterBits - 1));
  std::uint64_t previous = last.load(std::memory_order_relaxed);
  for (;;) {
    const bool follows = fresh > previous || previous - fresh > kMaxLead;
    const std::uint64_t next = follows ? fresh : previous + 1;
    if (last.compare_exchange_weak(previous, next, std::memory_order_relaxed)) return next;
  }
}

}  // namespace

std::string new_uuid() {
  detail::ensure_sodium();
  const std::uint64_t stamp = next_stamp();
  std::array<unsigned char, 16> bytes;
  randombytes_buf(bytes.data(), bytes.size());
  for (std::size_t i = 0; i < 6; ++i) {
    bytes[i] = static_cast<unsigned char>(stamp >> (kCounterBits + 40 - 8 * i));
  }
  bytes[6] = static_cast<unsigned char>(0x70 | (stamp >> 8 & 0x0F));
  bytes[7] = static_cast<unsigned char>(stamp);
  bytes[8] = static_cast<unsigned char>(0x80 | (bytes[8] & 0x3F));

  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += {kHex[bytes[i] >> 4], kHex[bytes[i] & 15]};
  }
  return text;
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

std::string random_token(std::size_t bytes) {
  detail::ensure_sodium();
  std::string random(bytes, '\0');
  randombytes_buf(random.data(), random.size());
  return base64url(random);
}

double random_share() {
  detail::ensure_sodium();
  constexpr std::uint32_t kSteps = 1'000'001;
  return static_cast<double>(randombytes_uniform(kSteps)) / (kSteps - 1);
}

}  // namespace selvage
