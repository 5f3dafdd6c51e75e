#include "base/crypto.hpp"

#include <sodium.h>

#include <array>
#include <cstdint>

#include "base/detail/sodium.hpp"
#include "base/error.hpp"

namespace selvage {

void detail::ensure_sodium() {
  static const bool ready = sodium_init() >= 0;
  SELVAGE_CHECK(ready);
}

namespace {

constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlSafe =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t kNotADigit = 0xFF;

constexpr std::array<std::uint8_t, 256> kDigits = [] {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(kNotADigit);
  for (std::uint8_t i = 0; i < 64; ++i) {
    digits[static_cast<unsigned char>(kStandard[i])] = i;
    digits[static_cast<unsigned char>(kUrlSafe[i])] = i;
  }
  return digits;
}();

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// Table-driven on purpose: pictures of several megabytes pass here, for which libsodium's
// constant-time coder is eight times slower. Signatures are compared in their encoded form, by
// equal_constant_time().
std::string encode(std::string_view data, std::string_view alphabet, bool padded) {
  std::string text((data.size() + 2) / 3 * 4, '=');
  char* out = text.data();
  const unsigned char* in = bytes_of(data);
  std::size_t left = data.size();
  for (; left >= 3; left -= 3, in += 3) {
    const std::uint32_t group = std::uint32_t{in[0]} << 16 | std::uint32_t{in[1]} << 8 | in[2];
    *out++ = alphabet[group >> 18];
    *out++ = alphabet[group >> 12 & 63];
    *out++ = alphabet[group >> 6 & 63];
    *out++ = alphabet[group & 63];
  }
  if (left == 0) return text;
  const std::uint32_t group =
      std::uint32_t{in[0]} << 16 | (left == 2 ? std::uint32_t{in[1]} << 8 : 0);
  *out++ = alphabet[group >> 18];
  *out++ = alphabet[group >> 12 & 63];
  if (left == 2) *out++ = alphabet[group >> 6 & 63];
  if (!padded) text.resize(static_cast<std::size_t>(out - text.data()));
  return text;
}

}  // namespace

std::string sha256_hex(std::string_view data) {
  detail::ensure_sodium();
  std::array<unsigned char, crypto_hash_sha256_BYTES> digest;
  crypto_hash_sha256(digest.data(), bytes_of(data), data.size());
  std::string hex(digest.size() * 2, '\0');
  sodium_bin2hex(hex.data(), hex.size() + 1, digest.data(), digest.size());
  return hex;
}

std::string hmac_sha256(std::string_view key, std::string_view message) {
  detail::ensure_sodium();
  std::array<unsigned char, crypto_auth_hmacsha256_BYTES> mac;
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, bytes_of(key), key.size());
  crypto_auth_hmacsha256_update(&state, bytes_of(message), message.size());
  crypto_auth_hmacsha256_final(&state, mac.data());
  sodium_memzero(&state, sizeof state);
  return base64url({reinterpret_cast<const char*>(mac.data()), mac.size()});
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string base64url(std::string_view data) { return encode(data, kUrlSafe, false); }
std::string base64(std::string_view data) { return encode(data, kStandard, true); }

bool decode_base64(std::string_view text, std::string& out) {
  if (text.ends_with('=')) {
    if (text.size() % 4 != 0) return false;
    text.remove_suffix(text.ends_with("==") ? 2 : 1);
  }
  const std::size_t tail = text.size() % 4;
  if (tail == 1) return false;
  std::string data(text.size() / 4 * 3 + (tail == 0 ? 0 : tail - 1), '\0');
  char* to = data.data();
  const unsigned char* in = bytes_of(text);
  for (std::size_t left = text.size(); left >= 4; left -= 4, in += 4) {
    const std::uint32_t a = kDigits[in[0]], b = kDigits[in[1]], c = kDigits[in[2]],
                        d = kDigits[in[3]];
    if ((a | b | c | d) == kNotADigit) return false;
    const std::uint32_t group = a << 18 | b << 12 | c << 6 | d;
    *to++ = static_cast<char>(group >> 16);
    *to++ = static_cast<char>(group >> 8);
    *to++ = static_cast<char>(group);
  }
  if (tail != 0) {
    const std::uint32_t a = kDigits[in[0]], b = kDigits[in[1]], c = tail == 3 ? kDigits[in[2]] : 0;
    if ((a | b | c) == kNotADigit) return false;
    const std::uint32_t group = a << 18 | b << 12 | c << 6;
    // Bits that carry nothing must be zero, so that one value has one spelling.
    if ((group & (tail == 3 ? 0xFF : 0xFFFF)) != 0) return false;
    *to++ = static_cast<char>(group >> 16);
    if (tail == 3) *to++ = static_cast<char>(group >> 8);
  }
  out = std::move(data);
  return true;
}

}  // namespace selvage
