#include "data/detail/dependency_url.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "data/detail/host_port.hpp"

namespace selvage::data {

namespace {

constexpr std::size_t kMaxUrlLength = 2048;

struct Scheme {
  std::string_view name;
  std::uint16_t default_port;  // 0: must be written
  bool takes_credentials;
};
constexpr Scheme kSchemes[] = {
    {"postgres", 5432, true}, {"postgresql", 5432, true}, {"http", 80, false},
    {"https", 443, false},    {"tcp", 0, false},
};

std::unexpected<Error> bad(std::string_view what) {
  return fail(ErrorKind::invalid, "readiness.url", std::string(what),
              "write it like redis://:password@host:6379, with special characters of the password "
              "percent-encoded");
}

Result<void> read_host(std::string_view text, DependencyUrl& url) {
  Result<HostPort> parsed = parse_host_port(text, "readiness.url");
  if (!parsed) return bad(parsed.error().message);
  url.host = std::move(parsed->host);
  if (parsed->port != 0) url.port = parsed->port;
  return {};
}

Result<void> read_credentials(std::string_view text, DependencyUrl& url) {
  const std::size_t colon = text.find(':');
  const auto user = percent_decode(text.substr(0, colon));
  const auto password =
      percent_decode(colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1));
  if (!user || !password) return bad("the credentials hold a '%' without two hex digits");
  url.user = *user;
  url.password = Secret(*password);
  return {};
}

}  // namespace

std::string DependencyUrl::origin() const {
  return fmt::format("{}://{}", scheme, to_string(HostPort{host, port}));
}

Result<DependencyUrl> parse_dependency_url(std::string_view text) {
  if (text.size() > kMaxUrlLength) return bad("the URL is too long");
  if (!std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; })) {
    return bad("the URL holds a blank, a control character or a character that is not ASCII");
  }
  const std::size_t end = text.find("://");
  if (end == std::string_view::npos) return bad("the URL does not begin with a scheme and ://");
  DependencyUrl url;
  url.scheme = to_lower_ascii(text.substr(0, end));
  const auto* scheme = std::ranges::find(kSchemes, std::string_view(url.scheme), &Scheme::name);
  if (scheme == std::end(kSchemes)) {
    return bad("the scheme is none of redis, rediss, postgres, http, https, tcp");
  }
  url.port = scheme->default_port;
  std::string_view rest = text.substr(end + 3);
  const std::size_t slash = std::min(rest.find_first_of("/?#"), rest.size());
  url.path = rest.substr(slash);
  std::string_view authority = rest.substr(0, slash);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    if (!scheme->takes_credentials) return bad("this scheme takes no credentials in the URL");
    TRY(read_credentials(authority.substr(0, at), url));
    authority.remove_prefix(at + 1);
  } else if (url.path.contains('@')) {
    return bad("the credentials hold a '/', '?' or '#' that is not percent-encoded");
  }
  TRY(read_host(authority, url));
  if (url.port == 0) return bad("the URL must name a port");
  return url;
}

}  // namespace selvage::data
