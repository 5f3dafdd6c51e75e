// RFC 9457 problem documents: the one shape of every error that the server answers.
#pragma once

#include <string_view>

#include "net/http_message.hpp"

namespace selvage::net::detail {

struct Problem {
  int status = 500;
  std::string_view code;    // stable, dotted
  std::string_view detail;  // what and where
  std::string_view hint;    // left out when empty
  std::string_view target;  // of the request; its query is left out, for it may carry signatures
  std::string_view request_id;
};

[[nodiscard]] Response problem_response(const Problem& problem);

// "Not Found"; "Unknown" for a status nobody registered.
[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace selvage::net::detail
