// Which host names lead inside by their spelling alone.
#pragma once

#include <string_view>

namespace selvage::net::detail {

enum class NameKind {
  public_name,  // its addresses decide
  loopback,     // "localhost" and below
  internal,     // no dot, or a suffix that public DNS does not have
  metadata,     // a cloud's metadata service; never fetched
};

// `host` as in Url::host: lower case, no trailing dot, not an address.
[[nodiscard]] NameKind kind_of_name(std::string_view host);

}  // namespace selvage::net::detail
