// Identifiers and random text, all from the system's CSPRNG (libsodium). Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace selvage {

// RFC 9562 version 7: sorts by creation time. 36 characters, lower case.
[[nodiscard]] std::string new_uuid();
// Any RFC 9562 UUID in its 36-character form, either case.
[[nodiscard]] bool is_uuid(std::string_view text);
// `bytes` random bytes as URL-safe base64 without padding.
[[nodiscard]] std::string random_token(std::size_t bytes);
// Uniform in 0..1, in steps of a millionth: for spreading retries.
[[nodiscard]] double random_share();

}  // namespace selvage
