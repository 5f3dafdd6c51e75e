// The call of POST /images/edits for one try-on.
#pragma once

#include "net/http_client.hpp"
#include "tryon/openai/options.hpp"
#include "tryon/provider.hpp"

namespace selvage::tryon::openai {

inline constexpr ByteCount kMaxResponse = 64_MiB;

// Takes the pictures out of `request`; the person comes first, since models keep most of the first
// picture. Deadline and cancellation are the caller's to set.
[[nodiscard]] net::ClientRequest edit_request(const Options& options, ProviderRequest& request);

// Authorization and what else every call carries.
[[nodiscard]] net::Headers call_headers(const Options& options);

}  // namespace selvage::tryon::openai
