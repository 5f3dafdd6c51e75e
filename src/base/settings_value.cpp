#include "base/detail/settings_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/placeholder.hpp"
#include "base/text.hpp"
#include "base/url_password.hpp"

namespace selvage::detail {

namespace {

using Checked = std::expected<std::int64_t, std::string>;

constexpr std::size_t kMaxTextBytes = 64 * 1024;

std::string is_value(const SettingSpec& spec, std::string_view text) {
  return spec.type == SettingType::secret ? std::string()
                                          : ", is " + in_quotes(shown_value(spec, text));
}

std::unexpected<std::string> wrong(const SettingSpec& spec, std::string_view text,
                                   std::string_view what) {
  return std::unexpected(std::string(what) + is_value(spec, text));
}

// "min..max" as it is written; both empty when nothing is said.
std::pair<std::string_view, std::string_view> range_of(const SettingSpec& spec) {
  const auto dots = spec.allowed.find("..");
  if (dots == std::string_view::npos) return {};
  return {spec.allowed.substr(0, dots), spec.allowed.substr(dots + 2)};
}

std::optional<std::int64_t> read_number(SettingType type, std::string_view text) {
  switch (type) {
    case SettingType::integer: {
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
      return number;
    }
    case SettingType::flag:
      for (const auto& [word, on] : {std::pair{"true", 1},
                                     {"yes", 1},
                                     {"on", 1},
                                     {"1", 1},
                                     {"false", 0},
                                     {"no", 0},
                                     {"off", 0},
                                     {"0", 0}}) {
        if (equals_icase(text, word)) return on;
      }
      return std::nullopt;
    case SettingType::duration:
      if (const auto duration = parse_duration(text)) return duration->count();
      return std::nullopt;
    case SettingType::bytes:
      if (const auto bytes = parse_bytes(text); bytes && bytes->value <= INT64_MAX) {
        return static_cast<std::int64_t>(bytes->value);
      }
      return std::nullopt;
    case SettingType::text:
    case SettingType::choice:
    case SettingType::url:
    case SettingType::path:
    case SettingType::list:
    case SettingType::secret:
      return 0;
  }
  return std::nullopt;
}

std::string_view number_kind(SettingType type) {
  if (type == SettingType::integer) return "must be an integer";
  if (type == SettingType::flag) return "must be true or false";
  if (type == SettingType::duration) return "must be a duration such as 250ms, 30s or 1m30s";
  return "must be a size such as 512 KiB or 10 MiB";
}

Checked check_number(const SettingSpec& spec, std::string_view text) {
  const auto number = read_number(spec.type, trim(text));
  const auto [low, high] = spec.type == SettingType::flag
                               ? std::pair<std::string_view, std::string_view>()
                               : range_of(spec);
  if (!number) {
    std::string what(number_kind(spec.type));
    if (!low.empty()) what += fmt::format(" between {} and {}", low, high);
    return wrong(spec, text, what);
  }
  if (low.empty()) return *number;
  const auto min = read_number(spec.type, low);
  const auto max = read_number(spec.type, high);
  SELVAGE_CHECK(min && max);
  if (*number < *min || *number > *max) {
    return wrong(spec, text, fmt::format("must be between {} and {}", low, high));
  }
  return *number;
}

Checked check_length(const SettingSpec& spec, std::string_view text) {
  const auto [low, high] = range_of(spec);
  if (low.empty()) return 0;
  const auto min = read_number(SettingType::integer, low);
  const auto max = read_number(SettingType::integer, high);
  SELVAGE_CHECK(min && max);
  const auto length = static_cast<std::int64_t>(text.size());
  if (length >= *min && length <= *max) return 0;
  return std::unexpected(
      fmt::format("must be {} to {} characters long, has {}", low, high, length));
}

bool is_one_of(std::string_view text, std::string_view choices) {
  const auto all = split(choices, '|');
  return std::ranges::find(all, text) != all.end();
}

std::string either(std::string_view choices) {
  std::string text;
  const auto all = split(choices, '|');
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i != 0) text += i + 1 == all.size() ? " or " : ", ";
    text += all[i];
  }
  return text;
}

Checked check_url(const SettingSpec& spec, std::string_view text) {
  const auto scheme_end = text.find("://");
  const bool plain = std::ranges::none_of(
      text, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7F; });
  if (scheme_end == std::string_view::npos || scheme_end == 0 || !plain) {
    return wrong(spec, text, "must be a URL without blanks, such as scheme://host/path");
  }
  if (!spec.allowed.empty() &&
      !is_one_of(to_lower_ascii(text.substr(0, scheme_end)), spec.allowed)) {
    return wrong(spec, text, fmt::format("must be a URL with the scheme {}", either(spec.allowed)));
  }
  if (text.size() == scheme_end + 3) {
    return wrong(spec, text, "must name a host or path after ://");
  }
  const auto password = percent_decode(url_password(text));
  if (!password) return 0;
  if (auto reason = placeholder_reason(*password)) {
    return std::unexpected(fmt::format("its password {}", *reason));
  }
  if (auto reason = insecure_reason(*password)) {
    return std::unexpected(fmt::format("its password {}", *reason));
  }
  return 0;
}

Checked check_list(const SettingSpec& spec, std::string_view text) {
  for (const std::string& item : list_items(text)) {
    if (auto reason = placeholder_reason(item)) return wrong(spec, item, *reason);
    if (!spec.allowed.empty() && !is_one_of(item, spec.allowed)) {
      return wrong(spec, item, fmt::format("each item must be {}", either(spec.allowed)));
    }
  }
  return 0;
}

Checked check_secret(const SettingSpec& spec, std::string_view text) {
  if (auto reason = insecure_reason(text)) return std::unexpected(std::string(*reason));
  return check_length(spec, text);
}

Checked check_text(const SettingSpec& spec, std::string_view text) {
  if (text.empty()) return 0;
  if (text.size() > kMaxTextBytes) {
    return std::unexpected(fmt::format("must be at most {} bytes long", kMaxTextBytes));
  }
  if (text.contains('\0')) return std::unexpected("must not hold a NUL byte");
  if (spec.type == SettingType::list) return check_list(spec, text);
  if (auto reason = placeholder_reason(text)) return wrong(spec, text, *reason);
  if (spec.type == SettingType::url) return check_url(spec, text);
  if (spec.type == SettingType::secret) return check_secret(spec, text);
  if (spec.type == SettingType::text) return check_length(spec, text);
  if (spec.type == SettingType::choice && !is_one_of(text, spec.allowed)) {
    return wrong(spec, text, fmt::format("must be {}", either(spec.allowed)));
  }
  return 0;
}

}  // namespace

Checked check_value(const SettingSpec& spec, std::string_view text) {
  switch (spec.type) {
    case SettingType::integer:
    case SettingType::flag:
    case SettingType::duration:
    case SettingType::bytes:
      return check_number(spec, text);
    case SettingType::text:
    case SettingType::choice:
    case SettingType::url:
    case SettingType::path:
    case SettingType::list:
    case SettingType::secret:
      return check_text(spec, text);
  }
  return 0;
}

std::vector<std::string> list_items(std::string_view text) {
  std::vector<std::string> items;
  for (const std::string_view item : split(text, ',')) {
    if (!trim(item).empty()) items.emplace_back(trim(item));
  }
  return items;
}

std::string shown_value(const SettingSpec& spec, std::string_view text) {
  if (spec.type == SettingType::secret) return text.empty() ? "(not set)" : "(set)";
  if (spec.type != SettingType::list) return mask_url_password(text);
  std::vector<std::string> items = list_items(text);
  for (std::string& item : items) item = mask_url_password(item);
  return join(items, ",");
}

}  // namespace selvage::detail
