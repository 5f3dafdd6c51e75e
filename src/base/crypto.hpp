// The few primitives the rooms need, by libsodium. Any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace selvage {

// Lower-case hex of SHA-256.
[[nodiscard]] std::string sha256_hex(std::string_view data);
// URL-safe base64, without padding, of HMAC-SHA-256.
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view message);
// In time that depends on the lengths alone.
[[nodiscard]] bool equal_constant_time(std::string_view a, std::string_view b);

[[nodiscard]] std::string base64url(std::string_view data);
[[nodiscard]] std::string base64(std::string_view data);
// Standard or URL-safe alphabet, padding optional, no white space. False when `text` is not base64;
// `out` is then untouched. Not in constant time: compare the encoded form of a secret instead.
[[nodiscard]] bool decode_base64(std::string_view text, std::string& out);

}  // namespace selvage
