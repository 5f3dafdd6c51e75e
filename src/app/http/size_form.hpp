// The two forms of a sizing request, JSON with a URL and multipart with the photo, as one value.
#pragma once

#include "app/http/access.hpp"
#include "net/http_message.hpp"
#include "sizing/sizer.hpp"

namespace selvage::app {

struct SizeForm {
  sizing::SizeRequest request;
  std::string photo;  // its bytes; empty: request.image_url
};

// A photo may have `most` bytes. Errors: json.*, form.*, sizing.* (invalid), image.* and
// sizing.photo_missing (unprocessable).
[[nodiscard]] Result<SizeForm> read_size_form(const net::Request& request, ByteCount most);

// Whose charts hold for a request: the key's owner, or whom an admin names by the headers
// X-Selvage-Channel and X-Selvage-Owner; nobody's ("") when an admin names none. Errors: owner.*.
[[nodiscard]] Result<std::optional<tryon::Owner>> owner_of_charts(const net::Request& request,
                                                                  const Principal& principal);

// What is wrong with a photo or with what its URL leads to is the request's fault: 422, never our
// own 413, 415, 503 or 504.
[[nodiscard]] Error as_size_problem(Error error);

}  // namespace selvage::app
