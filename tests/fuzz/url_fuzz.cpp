// Whatever Url::parse accepts is unambiguous: printed and parsed again it is the same URL, and it
// holds nothing that another parser could read as a second host.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/address_policy.hpp"
#include "net/url.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using selvage::net::Url;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto url = Url::parse(text);
  if (url) {
    const auto again = Url::parse(url->to_string());
    SELVAGE_CHECK(again.has_value() || url->to_string().size() > selvage::net::kMaxUrlLength);
    if (again) {
      SELVAGE_CHECK(again->host == url->host && again->port == url->port);
      SELVAGE_CHECK(again->scheme == url->scheme && again->target == url->target);
    }
    SELVAGE_CHECK(!url->host.empty() && url->target.starts_with('/'));
    SELVAGE_CHECK(url->host.find_first_of("@/\\?#%[] ") == std::string::npos);
  }
  if (const auto range = selvage::net::CidrRange::parse(text)) {
    SELVAGE_CHECK(range->contains(range->base));
  }
  return 0;
}
