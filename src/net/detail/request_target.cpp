#include "base/text.hpp"
#include "net/detail/http_head.hpp"

namespace selvage::net::detail {

namespace {

std::unexpected<Refusal> bad_target(std::string_view detail) {
  return std::unexpected(Refusal{.status = 400,
                                 .code = "http.target",
                                 .detail = detail,
                                 .hint = "check the path and query of the URL"});
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

void collapse_slashes(std::string& path) {
  const auto both_slashes = [](char a, char b) { return a == '/' && b == '/'; };
  path.erase(std::unique(path.begin(), path.end(), both_slashes), path.end());
}

bool has_dot_segment(std::string_view path) {
  for (const std::string_view segment : split(path, '/')) {
    if (segment == "." || segment == "..") return true;
  }
  return false;
}

// application/x-www-form-urlencoded, where '+' is a space.
std::optional<std::string> decode_query_text(std::string_view text) {
  std::string plain(text);
  std::replace(plain.begin(), plain.end(), '+', ' ');
  auto decoded = percent_decode(plain);
  if (!decoded || !is_valid_utf8(*decoded)) return std::nullopt;
  return std::move(*decoded);
}

}  // namespace

std::expected<void, Refusal> parse_target(Request& request) {
  std::string_view target = request.target;
  if (target == "*") {
    if (request.method != Method::options) return bad_target("only OPTIONS takes the target '*'");
    request.path = "*";
    return {};
  }
  if (!target.starts_with('/')) {
    // The absolute form, which is meant for proxies but must be understood by everyone.
    const std::size_t scheme = starts_with_icase(target, "http://")    ? 7
                               : starts_with_icase(target, "https://") ? 8
                                                                       : 0;
    if (scheme == 0) return bad_target("the request target does not begin with '/'");
    const std::size_t path = std::min(target.find('/', scheme), target.size());
    const std::size_t query = std::min(target.find('?', scheme), target.size());
    if (std::min(path, query) == scheme) return bad_target("the request target has no host");
    if (query < path || path == target.size()) {
      return bad_target("the request target has no path");
    }
    target.remove_prefix(path);
  }
  if (target.find('#') != std::string_view::npos) {
    return bad_target("the request target holds a fragment");
  }

  const std::size_t question = std::min(target.find('?'), target.size());
  auto path = percent_decode(target.substr(0, question));
  if (!path) return bad_target("the path has a '%' that is not followed by two hex digits");
  if (has_control_character(*path)) return bad_target("the path holds a control character");
  if (!is_valid_utf8(*path)) return bad_target("the path is not UTF-8");
  collapse_slashes(*path);
  if (has_dot_segment(*path)) return bad_target("the path holds a '.' or '..' segment");
  request.path = std::move(*path);
  if (question == target.size()) return {};

  for (const std::string_view pair : split(target.substr(question + 1), '&')) {
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto key = decode_query_text(pair.substr(0, equals));
    auto value = decode_query_text(pair.substr(std::min(pair.size(), equals + 1)));
    if (!key || !value) return bad_target("the query is not percent-encoded UTF-8");
    request.query.emplace_back(std::move(*key), std::move(*value));
  }
  return {};
}

}  // namespace selvage::net::detail
