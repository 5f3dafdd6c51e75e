// Decides whether a response to a fetch is a picture we take: first by its head, then by its bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "net/http_message.hpp"

namespace selvage::net::detail {

// The media type that the head promises: "image/jpeg", "image/png" or "image/webp". Errors:
// egress.redirect, egress.status, egress.encoding_refused, egress.type_refused. `origin` names the
// other side in messages.
[[nodiscard]] Result<std::string> judge_head(std::string_view origin, int status,
                                             const Headers& headers);

// Nothing when `bytes` begin as pictures of `promised` type do. Errors: egress.type_refused,
// egress.type_mismatch.
[[nodiscard]] Result<void> judge_bytes(std::string_view origin, std::string_view promised,
                                       std::string_view bytes);

}  // namespace selvage::net::detail
