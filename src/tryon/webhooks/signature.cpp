#include "tryon/webhooks/signature.hpp"

#include <fmt/format.h>

#include "base/crypto.hpp"

namespace selvage::tryon {
namespace {

constexpr std::string_view kSecretPrefix = "whsec_";

std::string signature(std::string_view secret, std::string_view content) {
  std::string key;
  SELVAGE_CHECK(secret.starts_with(kSecretPrefix) &&
                decode_base64(secret.substr(kSecretPrefix.size()), key));
  std::string mac;
  SELVAGE_CHECK(decode_base64(hmac_sha256(key, content), mac));
  return "v1," + base64(mac);
}

}  // namespace

net::Headers webhook_headers(std::string_view message_id, Timestamp time, std::string_view body,
                             std::span<const std::string_view> secrets) {
  const std::int64_t unix_seconds = to_unix_ms(time) / 1000;
  const std::string content = fmt::format("{}.{}.{}", message_id, unix_seconds, body);
  std::string signatures;
  for (const std::string_view secret : secrets) {
    if (!signatures.empty()) signatures += ' ';
    signatures += signature(secret, content);
  }
  net::Headers headers;
  headers.add("Content-Type", "application/json");
  headers.add("webhook-id", std::string(message_id));
  headers.add("webhook-timestamp", std::to_string(unix_seconds));
  headers.add("webhook-signature", std::move(signatures));
  return headers;
}

}  // namespace selvage::tryon
