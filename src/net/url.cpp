#include "net/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "net/address_policy.hpp"

namespace selvage::net {
namespace {

constexpr std::size_t kMaxHostLength = 253;  // RFC 1035
constexpr std::size_t kMaxLabelLength = 63;

bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// What RFC 3986 leaves out of a URL, plus the backslash that browsers read as a slash.
bool may_stand_in_url(char c) {
  return c > 0x20 && c < 0x7f && std::string_view("\"<>\\^`{|}").find(c) == std::string_view::npos;
}

Result<void> check_characters(std::string_view text) {
  if (text.empty()) return fail(ErrorKind::invalid, "url.characters", "the URL is empty");
  if (text.size() > kMaxUrlLength) {
    return fail(
        ErrorKind::invalid, "url.too_long",
        fmt::format("the URL is {} bytes long, at most {} are taken", text.size(), kMaxUrlLength));
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!may_stand_in_url(text[i])) {
      return fail(ErrorKind::invalid, "url.characters",
                  fmt::format("byte {} of the URL (0x{:02x}) may not stand in a URL", i,
                              static_cast<unsigned char>(text[i])),
                  "percent-encode it in the path or query; write the host in ASCII (punycode)");
    }
    if (text[i] == '%' && (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2]))) {
      return fail(ErrorKind::invalid, "url.characters",
                  fmt::format("the percent sign at byte {} is not followed by two hex digits", i),
                  "write a literal percent sign as %25");
    }
  }
  return {};
}

std::uint16_t default_port(std::string_view scheme) {
  if (scheme == "https") return 443;
  if (scheme == "http") return 80;
  return 0;
}

Result<std::string> parse_scheme(std::string_view text) {
  bool ok = !text.empty() && is_alpha(text[0]);
  for (char c : text) ok = ok && (is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.');
  if (!ok) {
    return fail(ErrorKind::invalid, "url.scheme", "the URL does not begin with a scheme and ://",
                "write it in full, like https://example.com/picture.jpg");
  }
  return to_lower_ascii(text);
}

Result<std::uint16_t> parse_port(std::string_view text) {
  unsigned value = 0;
  bool ok = !text.empty() && text.size() <= 5 && text[0] != '0';
  for (char c : text) {
    ok = ok && is_digit(c);
    if (ok) value = value * 10 + static_cast<unsigned>(c - '0');
  }
  if (!ok || value > 65535) {
    return fail(ErrorKind::invalid, "url.port",
                "the port of the URL is not a number from 1 to 65535 without leading zeros",
                "leave the colon and the port away to use the scheme's own");
  }
  return static_cast<std::uint16_t>(value);
}

std::unexpected<Error> bad_host(std::string_view what, std::string hint = {}) {
  return fail(ErrorKind::invalid, "url.host", fmt::format("the host of the URL {}", what),
              std::move(hint));
}

// True for what inet_aton() and WHATWG parsers would read as a number: "127.1", "2130706433",
// "0x7f000001".
bool ends_in_number(std::string_view last_label) {
  if (last_label.starts_with("0x")) {
    return last_label.find_first_not_of("0123456789abcdef", 2) == std::string_view::npos;
  }
  return last_label.find_first_not_of("0123456789") == std::string_view::npos;
}

Result<void> check_label(std::string_view label) {
  if (label.empty()) return bad_host("has an empty label (two dots in a row, or a leading dot)");
  if (label.size() > kMaxLabelLength) return bad_host("has a label over 63 characters");
  if (label.front() == '-' || label.back() == '-') {
    return bad_host("has a label that begins or ends with a hyphen");
  }
  for (char c : label) {
    if (!is_digit(c) && !is_alpha(c) && c != '-' && c != '_') {
      return bad_host("holds a character that no host name has",
                      "write the host in plain ASCII, without percent-encoding");
    }
  }
  return {};
}

Result<std::string> parse_name(std::string_view text) {
  std::string host = to_lower_ascii(text);
  if (host.ends_with('.')) host.pop_back();  // the root's own dot: the same host
  if (host.empty()) return bad_host("is empty");
  if (host.size() > kMaxHostLength) return bad_host("is over 253 characters long");
  std::string_view rest = host;
  std::string_view label;
  while (true) {
    const std::size_t dot = rest.find('.');
    label = rest.substr(0, dot);
    TRY(check_label(label));
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  if (ends_in_number(label) && !IpAddress::parse(host)) {
    return bad_host("is a number but not an IPv4 address in dotted decimal form",
                    "write all four parts in decimal without leading zeros, like 203.0.113.7");
  }
  return host;
}

struct Authority {
  std::string host;
  bool host_is_v6 = false;
  std::optional<std::uint16_t> port;
};

Result<Authority> parse_authority(std::string_view text) {
  if (text.find('@') != std::string_view::npos) {
    return fail(ErrorKind::invalid, "url.userinfo",
                "the URL holds a user name or password before its host",
                "remove everything up to the @; use a signed URL for pictures that are not public");
  }
  Authority out;
  std::string_view after_host;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return bad_host("opens a bracket and never closes it");
    const auto address = IpAddress::parse(text.substr(1, close - 1));
    if (!address || address->is_v4) {
      return bad_host("is not an IPv6 address in its brackets", "zone ids are not taken");
    }
    out.host = address->to_string();
    out.host_is_v6 = true;
    after_host = text.substr(close + 1);
    if (!after_host.empty() && after_host[0] != ':') {
      return bad_host("is followed by something other than a port");
    }
  } else {
    const std::size_t colon = text.find(':');
    out.host = TRY(parse_name(text.substr(0, colon)));
    if (colon != std::string_view::npos) after_host = text.substr(colon);
  }
  if (!after_host.empty()) out.port = TRY(parse_port(after_host.substr(1)));
  return out;
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  TRY(check_characters(text));
  const std::size_t separator = text.find("://");
  Url url;
  url.scheme = TRY(parse_scheme(separator == std::string_view::npos ? std::string_view()
                                                                    : text.substr(0, separator)));
  std::string_view rest = text.substr(separator + 3);
  rest = rest.substr(0, rest.find('#'));  // a fragment is never sent
  const std::size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
  Authority authority = TRY(parse_authority(rest.substr(0, authority_end)));
  url.host = std::move(authority.host);
  url.host_is_v6 = authority.host_is_v6;
  url.port = authority.port.value_or(default_port(url.scheme));
  url.target = rest.substr(authority_end);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

std::string Url::origin() const {
  std::string out =
      host_is_v6 ? fmt::format("{}://[{}]", scheme, host) : fmt::format("{}://{}", scheme, host);
  if (port != default_port(scheme)) out += fmt::format(":{}", port);
  return out;
}

std::string Url::to_string() const { return origin() + target; }

}  // namespace selvage::net
