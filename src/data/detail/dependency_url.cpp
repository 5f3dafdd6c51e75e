#include "data/detail/dependency_url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.hpp"

namespace selvage::data {

namespace {

constexpr std::size_t kMaxUrlLength = 2048;

struct Scheme {
  std::string_view name;
  std::uint16_t default_port;  // 0: must be written
  bool takes_credentials;
};
constexpr Scheme kSchemes[] = {
    {"redis", 6379, true},      {"rediss", 6379, true}, {"postgres", 5432, true},
    {"postgresql", 5432, true}, {"http", 80, false},    {"https", 443, false},
    {"tcp", 0, false},
};

std::unexpected<Error> bad(std::string_view what) {
  return fail(ErrorKind::invalid, "readiness.url", std::string(what),
              "write it like redis://:password@host:6379, with special characters of the password "
              "percent-encoded");
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, failed] = std::from_chars(text.begin(), text.end(), port);
  if (failed != std::errc() || end != text.end() || port == 0) return std::nullopt;
  return port;
}

bool may_stand_in_host(char c) {
  const char lower = to_lower_ascii(c);
  return is_digit(c) || (lower >= 'a' && lower <= 'z') || c == '.' || c == '-' || c == '_';
}

// "host", "host:port", "[v6]" or "[v6]:port".
Result<void> read_host(std::string_view text, DependencyUrl& url) {
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return bad("the address in brackets has no end");
    url.host = text.substr(1, close - 1);
    text.remove_prefix(close + 1);
    const bool plain =
        std::ranges::all_of(url.host, [](char c) { return may_stand_in_host(c) || c == ':'; });
    if (url.host.empty() || !plain || (!text.empty() && !text.starts_with(':'))) {
      return bad("the host is not a name or an address");
    }
    if (!text.empty()) port = text.substr(1);
  } else {
    const std::size_t colon = text.find(':');
    url.host = text.substr(0, colon);
    if (colon != std::string_view::npos) port = text.substr(colon + 1);
    if (url.host.empty() || !std::ranges::all_of(url.host, may_stand_in_host)) {
      return bad("the host is not a name or an address");
    }
  }
  if (!port.empty()) {
    const auto number = parse_port(port);
    if (!number) return bad("the port is not a number from 1 to 65535");
    url.port = *number;
  }
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
  return host.contains(':') ? fmt::format("{}://[{}]:{}", scheme, host, port)
                            : fmt::format("{}://{}:{}", scheme, host, port);
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
