#include "data/detail/object_rules.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace selvage::data {

namespace {

constexpr seconds kMaxUrlLifetime{7 * 24 * 3600};

}  // namespace

Result<void> check_prefix(std::string_view prefix) {
  return prefix.empty() ? Result<void>() : check_key(std::string(prefix) + "x");
}

Result<void> check_lifetime(seconds lifetime) {
  if (lifetime > seconds(0) && lifetime <= kMaxUrlLifetime) return {};
  return fail(ErrorKind::invalid, "storage.lifetime",
              "a signed URL lives between a second and seven days");
}

Result<void> check_size(std::string_view key, std::size_t bytes) {
  if (bytes <= kMaxObjectBytes) return {};
  return fail(ErrorKind::too_large, "storage.too_large",
              fmt::format("the object {} has {} bytes, at most {} are taken", in_quotes(key), bytes,
                          kMaxObjectBytes));
}

}  // namespace selvage::data
