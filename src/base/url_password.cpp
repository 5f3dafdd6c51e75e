#include "base/url_password.hpp"

#include <algorithm>
#include <string>

#include "base/settings.hpp"
#include "base/text.hpp"

namespace selvage {

std::string_view url_password(std::string_view url) {
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return {};
  const std::string_view rest = url.substr(scheme_end + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  const auto colon = authority.find(':');
  if (colon == std::string_view::npos) return {};
  auto at = authority.rfind('@');
  if (at == std::string_view::npos) {
    // host:8000/@name has a port; user:pa/ss@host has a password
    const std::string_view port = authority.substr(colon + 1);
    if (std::ranges::all_of(port, is_digit)) return {};
    at = rest.rfind('@');
  }
  if (at == std::string_view::npos || at < colon) return {};
  return rest.substr(colon + 1, at - colon - 1);
}

namespace {

// PostgreSQL's URLs may carry passwords as parameters, too.
std::string mask_parameters(std::string url) {
  for (const std::string_view name : {"password=", "sslpassword="}) {
    for (std::size_t at = url.find('?'); at != std::string::npos; at = url.find('&', at + 1)) {
      if (!starts_with_icase(std::string_view(url).substr(at + 1), name)) continue;
      const std::size_t start = at + 1 + name.size();
      const std::size_t end = std::min(url.find('&', start), url.size());
      if (end > start) url.replace(start, end - start, "***");
    }
  }
  return url;
}

}  // namespace

std::string mask_url_password(std::string_view url) {
  if (!url.contains("://")) return std::string(url);
  const std::string_view password = url_password(url);
  if (password.empty()) return mask_parameters(std::string(url));
  const auto start = static_cast<std::size_t>(password.data() - url.data());
  return std::string(url.substr(0, start)) + "***" +
         mask_parameters(std::string(url.substr(start + password.size())));
}

}  // namespace selvage
