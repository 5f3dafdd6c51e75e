// Which variables hold secrets, by their names.
#pragma once

#include <string_view>

namespace selvage::audit {

// PASSWORD, SECRET, TOKEN, KEY and their kin as words of the name, in any case. Not: names of
// files (…_FILE, …_PATH), lengths of lives (…_EXPIRY, …_TTL), identifiers (…_KEY_ID), public keys.
[[nodiscard]] bool names_a_secret(std::string_view name);

// A value that cannot be a credential whatever its name: empty, true, a small number, a path.
[[nodiscard]] bool is_harmless_value(std::string_view value);

}  // namespace selvage::audit
