#include "base/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "base/text.hpp"

namespace selvage::json {

namespace {

std::unexpected<Error> bad_syntax(std::size_t offset, std::string_view what) {
  return fail(ErrorKind::invalid, "json.syntax",
              fmt::format("the JSON text is wrong at byte {}: {}", offset, what),
              "Send one complete JSON value in UTF-8.");
}

// Boost.JSON keeps the last of two members with the same name. Which one was meant is unknowable,
// so this finds the first repeated name among the members of the outermost object of `text`, which
// is known to be valid.
std::optional<std::string> repeated_key(std::string_view text, std::size_t distinct) {
  std::vector<std::string_view> keys;  // with their quotes and escapes
  int depth = 0;
  bool expects_key = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case '{':
      case '[':
        ++depth;
        expects_key = depth == 1;
        break;
      case '}':
      case ']':
        --depth;
        break;
      case ',':
        expects_key = depth == 1;
        break;
      case '"': {
        const std::size_t start = i++;
        while (text[i] != '"') i += text[i] == '\\' ? 2 : 1;
        if (expects_key) keys.push_back(text.substr(start, i - start + 1));
        expects_key = false;
        break;
      }
      default:
        break;
    }
  }
  if (keys.size() == distinct) return std::nullopt;
  object seen;
  for (const std::string_view key : keys) {
    const value name = boost::json::parse({key.data(), key.size()});
    if (!seen.emplace(name.get_string(), nullptr).second) return std::string(name.get_string());
  }
  return std::nullopt;
}

// Boost.JSON reads 1e999 as infinity and would write that as text that is no JSON. The limit keeps
// a distance from the largest double, because its fast reader may round up.
constexpr double kMaxNumber = 1e300;

bool has_huge_number(const value& v) {
  switch (v.kind()) {
    case boost::json::kind::double_:
      return !(std::abs(v.get_double()) <= kMaxNumber);
    case boost::json::kind::array:
      return std::ranges::any_of(v.get_array(), has_huge_number);
    case boost::json::kind::object:
      return std::ranges::any_of(
          v.get_object(), [](const auto& member) { return has_huge_number(member.value()); });
    case boost::json::kind::null:
    case boost::json::kind::bool_:
    case boost::json::kind::int64:
    case boost::json::kind::uint64:
    case boost::json::kind::string:
      return false;
  }
  return false;
}

}  // namespace

Result<value> parse(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kMaxDepth;
  boost::json::parser parser({}, options);
  boost::json::error_code error;
  const std::size_t consumed = parser.write(text.data(), text.size(), error);
  if (error) {
    using Code = boost::json::error;
    if (error == Code::too_deep) {
      return bad_syntax(consumed, fmt::format("it is nested deeper than {} levels", kMaxDepth));
    }
    if (error == Code::incomplete) return bad_syntax(text.size(), "it ends too early");
    return bad_syntax(consumed, error.message());
  }
  value parsed = parser.release();
  if (has_huge_number(parsed)) {
    return fail(ErrorKind::invalid, "json.number",
                fmt::format("the JSON text holds a number beyond {}", kMaxNumber),
                "Send large numbers as strings.");
  }
  if (const object* top = parsed.if_object()) {
    if (auto key = repeated_key(text, top->size())) {
      return fail(ErrorKind::invalid, "json.duplicate_key",
                  fmt::format("the JSON object has two members named {}", in_quotes(*key)),
                  "Keep one of them.");
    }
  }
  return parsed;
}

}  // namespace selvage::json
