#include "tryon/detail/object_keys.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.hpp"
#include "image/format.hpp"
#include "tryon/pipeline.hpp"

namespace selvage::tryon {
namespace {

constexpr std::string_view kEncoded = "encoded/";

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// One path segment, or "encoded/<base64url>". A plain id cannot collide with that: it holds no '/'.
std::string key_part(std::string_view id) {
  const bool plain = is_letter_or_digit(id.front()) && id.find(':') == std::string_view::npos &&
                     id.find("..") == std::string_view::npos && !id.ends_with('.');
  return plain ? std::string(id) : std::string(kEncoded) + base64url(id);
}

}  // namespace

std::string result_key(const Owner& owner, std::string_view session_id,
                       std::string_view extension) {
  const std::string_view kind = owner.channel == Channel::b2b ? "stores" : "users";
  return fmt::format("results/{}/{}/{}.{}", kind, key_part(owner.id), key_part(session_id),
                     extension);
}

std::string inputs_prefix(std::string_view session_id) {
  return fmt::format("{}{}/", detail::kInputsRoot, key_part(session_id));
}

namespace detail {

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 128 && std::ranges::all_of(text, [](char c) {
    return is_letter_or_digit(c) || c == '_' || c == '.' || c == ':' || c == '-';
  });
}

std::optional<std::string> session_of_input(std::string_view key) {
  if (!key.starts_with(kInputsRoot)) return std::nullopt;
  key.remove_prefix(kInputsRoot.size());
  const bool encoded = key.starts_with(kEncoded) && std::ranges::count(key, '/') >= 2;
  if (encoded) key.remove_prefix(kEncoded.size());
  const std::size_t slash = key.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  std::string id(key.substr(0, slash));
  if (encoded) {
    std::string plain;
    if (!decode_base64(id, plain)) return std::nullopt;
    id = std::move(plain);
  }
  if (!is_id(id)) return std::nullopt;
  return id;
}

std::optional<std::string_view> result_extension(std::string_view media_type) {
  const std::optional<image::Format> format = image::format_of_media_type(media_type);
  if (!format) return std::nullopt;
  switch (*format) {
    case image::Format::jpeg:
      return kResultExtensions[0];
    case image::Format::png:
      return kResultExtensions[1];
    case image::Format::webp:
      return kResultExtensions[2];
  }
  SELVAGE_CHECK(false);
}

}  // namespace detail
}  // namespace selvage::tryon
