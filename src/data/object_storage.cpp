#include "data/object_storage.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace selvage::data {

namespace {

constexpr std::size_t kMaxKeyLength = 512;
constexpr std::size_t kMaxPartLength = 255;  // what file systems take for one name

std::unexpected<Error> bad_key(std::string_view key, std::string_view why) {
  return fail(ErrorKind::invalid, "storage.key", fmt::format("the key {} {}", in_quotes(key), why),
              "keys are relative paths of letters, digits, '_', '-', '.' and '/'");
}

bool may_stand_in_key(char c) {
  const char lower = to_lower_ascii(c);
  return is_digit(c) || (lower >= 'a' && lower <= 'z') || c == '_' || c == '-' || c == '.' ||
         c == '/';
}

}  // namespace

Task<Result<void>> ObjectStorage::remove_many(std::vector<std::string> keys) {
  for (const std::string& key : keys) CO_TRY(check_key(key));
  for (std::string& key : keys) CO_TRY(co_await remove(std::move(key)));
  co_return Result<void>();
}

Task<Result<std::vector<std::string>>> ObjectStorage::signed_urls(std::vector<std::string> keys,
                                                                  seconds lifetime) {
  std::vector<std::string> urls;
  urls.reserve(keys.size());
  for (std::string& key : keys) {
    Result<std::string> url = co_await signed_url(std::move(key), lifetime);
    if (!url && url.error().kind != ErrorKind::not_found) co_return fail(std::move(url.error()));
    urls.push_back(url ? std::move(*url) : std::string());
  }
  co_return urls;
}

Result<void> check_key(std::string_view key) {
  if (key.empty()) return bad_key(key, "is empty");
  if (key.size() > kMaxKeyLength) {
    return bad_key(key,
                   fmt::format("has {} bytes, at most {} are taken", key.size(), kMaxKeyLength));
  }
  if (!std::ranges::all_of(key, may_stand_in_key)) {
    return bad_key(key, "holds a character that is not allowed");
  }
  if (key.contains("..")) return bad_key(key, "holds \"..\"");
  for (const std::string_view part : split(key, '/')) {
    if (part.empty()) return bad_key(key, "has an empty part: a slash too many");
    if (part.front() == '.') return bad_key(key, "has a part that begins with a dot");
    if (part.size() > kMaxPartLength) {
      return bad_key(key, fmt::format("has a part of more than {} bytes", kMaxPartLength));
    }
  }
  return {};
}

std::string_view media_type_of_key(std::string_view key) {
  const std::string_view name = key.substr(key.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  const std::string_view extension = dot == std::string_view::npos ? "" : name.substr(dot + 1);
  if (equals_icase(extension, "jpg") || equals_icase(extension, "jpeg")) return "image/jpeg";
  if (equals_icase(extension, "png")) return "image/png";
  if (equals_icase(extension, "webp")) return "image/webp";
  return "application/octet-stream";
}

}  // namespace selvage::data
