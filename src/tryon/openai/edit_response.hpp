// Reads the API's answers: the picture, or what its absence means for the job and for another try.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "net/http_client.hpp"
#include "tryon/provider.hpp"

namespace selvage::tryon::openai {

// A call that gave no picture.
struct CallFailure {
  ProviderError error;
  bool try_again = false;            // by the same call, after `wait` or the usual back-off
  bool overloaded = false;           // the server is flooded: back off for longer
  std::optional<milliseconds> wait;  // as the server asked
  std::string log_detail;  // what is for logs alone, such as the categories that moderation found
};

struct EditResult {
  GeneratedImage image;
  std::int64_t total_tokens = 0;
};

// Pure; may take tens of milliseconds for a large picture, so it belongs on a pool. Nothing in the
// result holds the key: the API repeats parts of it in its messages.
[[nodiscard]] std::expected<EditResult, CallFailure> read_edit_response(
    const net::ClientResponse& response);

// A call that brought no HTTP answer.
[[nodiscard]] CallFailure read_transport_error(const Error& error);

}  // namespace selvage::tryon::openai
