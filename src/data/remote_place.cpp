#include "data/remote_place.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "data/object_storage.hpp"

namespace selvage::data {

namespace {

constexpr std::size_t kMaxBucketLength = 100;
constexpr std::size_t kMaxPrefixLength = 256;

bool may_stand_in_bucket(char c) {
  const char lower = to_lower_ascii(c);
  return is_digit(c) || (lower >= 'a' && lower <= 'z') || c == '_' || c == '-' || c == '.';
}

}  // namespace

std::string RemotePlace::name_of(std::string_view key) const {
  return prefix.empty() ? std::string(key) : fmt::format("{}/{}", prefix, key);
}

std::optional<std::string> RemotePlace::key_of(std::string_view name) const {
  if (!prefix.empty()) {
    if (!name.starts_with(prefix) || !name.substr(prefix.size()).starts_with('/')) return {};
    name.remove_prefix(prefix.size() + 1);
  }
  return check_key(name) ? std::optional<std::string>(name) : std::nullopt;
}

std::unexpected<Error> bad_storage_url(std::string_view what, std::string_view example) {
  return fail(ErrorKind::invalid, "settings.storage_url", fmt::format("STORAGE_URL {}", what),
              fmt::format("write it like {}", example));
}

Result<RemotePlace> parse_place(std::string_view path) {
  constexpr std::string_view kExample = "s3://bucket/prefix or supabase://host/bucket/prefix";
  while (path.ends_with('/')) path.remove_suffix(1);
  const std::size_t slash = std::min(path.find('/'), path.size());
  const std::string_view bucket = path.substr(0, slash);
  const std::string_view prefix = path.substr(std::min(slash + 1, path.size()));
  if (bucket.empty()) return bad_storage_url("names no bucket", kExample);
  const bool plain = std::ranges::all_of(bucket, may_stand_in_bucket);
  if (!plain || bucket.size() > kMaxBucketLength || bucket.front() == '.') {
    return bad_storage_url(fmt::format("names the bucket {}: letters, digits, '-', '_' and '.' are "
                                       "taken, at most {}",
                                       in_quotes(bucket), kMaxBucketLength),
                           kExample);
  }
  if (!prefix.empty() && (prefix.size() > kMaxPrefixLength || !check_key(prefix))) {
    return bad_storage_url(
        fmt::format("has the prefix {}, which is no path of letters, digits, '_', '-', '.' and '/'",
                    in_quotes(prefix)),
        kExample);
  }
  return RemotePlace{std::string(bucket), std::string(prefix)};
}

}  // namespace selvage::data
