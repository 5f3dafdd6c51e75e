// Values that nobody meant: placeholders left over from a template, and secrets that everyone
// knows. Any thread.
#pragma once

#include <optional>
#include <string_view>

namespace selvage {

// Why `value` is a placeholder, as the end of a sentence about it ("is a placeholder from a
// template"); nullopt for what may be real. Looks at the whole value: "changeme...", "your-...",
// "<...>", "xxx", "TODO", "replace...", and references like ${NAME} that nothing expands.
[[nodiscard]] std::optional<std::string_view> placeholder_reason(std::string_view value);

// Why `secret` protects nothing ("is a well-known default"): common defaults such as "password" or
// "minioadmin", counting sequences, one repeated character. The empty text is no secret and passes.
[[nodiscard]] std::optional<std::string_view> insecure_reason(std::string_view secret);

}  // namespace selvage
