#include "data/detail/aws_signature.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/text.hpp"

namespace selvage::data {

namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::size_t kDigestBytes = 32;

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    hex += kDigits[static_cast<unsigned char>(byte) >> 4];
    hex += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return hex;
}

std::string hmac(std::string_view key, std::string_view message) {
  std::array<unsigned char, kDigestBytes> mac{};
  unsigned int size = 0;
  const auto* const done = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                                reinterpret_cast<const unsigned char*>(message.data()),
                                message.size(), mac.data(), &size);
  SELVAGE_CHECK(done != nullptr && size == mac.size());
  return {reinterpret_cast<const char*>(mac.data()), mac.size()};
}

// "20130524T000000Z"
std::string stamp_of(Timestamp time) {
  std::string stamp = to_rfc3339(time).substr(0, 19);
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
  return stamp + "Z";
}

std::string encode_query(const std::vector<std::pair<std::string, std::string>>& query) {
  std::vector<std::pair<std::string, std::string>> encoded;
  encoded.reserve(query.size());
  for (const auto& [name, value] : query) {
    encoded.emplace_back(percent_encode(name), percent_encode(value));
  }
  std::ranges::sort(encoded);
  std::string text;
  for (const auto& [name, value] : encoded) {
    text += fmt::format("{}{}={}", text.empty() ? "" : "&", name, value);
  }
  return text;
}

struct CanonicalHeaders {
  std::string lines;  // "name:value\n" each, sorted
  std::string names;  // "host;range;x-amz-date"
};

CanonicalHeaders canonical(const net::Headers& headers, std::string_view host) {
  std::map<std::string, std::string> sorted{{"host", std::string(host)}};
  for (const auto& [name, value] : headers) sorted[to_lower_ascii(name)] = trim(value);
  CanonicalHeaders result;
  for (const auto& [name, value] : sorted) {
    result.lines += fmt::format("{}:{}\n", name, value);
    result.names += (result.names.empty() ? "" : ";") + name;
  }
  return result;
}

std::string canonical_request(const AwsRequest& request, const CanonicalHeaders& headers,
                              std::string_view payload) {
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", net::name(request.method),
                     percent_encode(request.path, "/"), encode_query(request.query), headers.lines,
                     headers.names, payload);
}

}  // namespace

std::string AwsRequest::target() const {
  const std::string encoded = encode_query(query);
  return percent_encode(path, "/") + (encoded.empty() ? "" : "?" + encoded);
}

std::string AwsSigner::scope(std::string_view stamp) const {
  return fmt::format("{}/{}/s3/aws4_request", stamp.substr(0, 8), region_);
}

std::string AwsSigner::signature(std::string_view canonical_request, std::string_view stamp) const {
  const std::string day = hmac("AWS4" + key_.secret.reveal(), stamp.substr(0, 8));
  const std::string signing_key = hmac(hmac(hmac(day, region_), "s3"), "aws4_request");
  return to_hex(hmac(signing_key, fmt::format("{}\n{}\n{}\n{}", kAlgorithm, stamp, scope(stamp),
                                              payload_sha256(canonical_request))));
}

net::Headers AwsSigner::sign(const AwsRequest& request, std::string_view payload,
                             Timestamp time) const {
  const std::string stamp = stamp_of(time);
  net::Headers headers = request.headers;
  headers.set("x-amz-content-sha256", std::string(payload));
  headers.set("x-amz-date", stamp);
  if (!key_.session_token.empty()) {
    headers.set("x-amz-security-token", key_.session_token.reveal());
  }
  const CanonicalHeaders all = canonical(headers, request.host);
  headers.set("Authorization",
              fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                          key_.id, scope(stamp), all.names,
                          signature(canonical_request(request, all, payload), stamp)));
  return headers;
}

std::string AwsSigner::presign(AwsRequest request, seconds lifetime, Timestamp time) const {
  const std::string stamp = stamp_of(time);
  const CanonicalHeaders all = canonical(request.headers, request.host);
  request.query.emplace_back("X-Amz-Algorithm", kAlgorithm);
  request.query.emplace_back("X-Amz-Credential", key_.id + "/" + scope(stamp));
  request.query.emplace_back("X-Amz-Date", stamp);
  request.query.emplace_back("X-Amz-Expires", std::to_string(lifetime.count()));
  request.query.emplace_back("X-Amz-SignedHeaders", all.names);
  if (!key_.session_token.empty()) {
    request.query.emplace_back("X-Amz-Security-Token", key_.session_token.reveal());
  }
  const std::string sum = signature(canonical_request(request, all, "UNSIGNED-PAYLOAD"), stamp);
  return request.target() + "&X-Amz-Signature=" + sum;
}

std::string payload_sha256(std::string_view body) {
  std::array<unsigned char, kDigestBytes> digest{};
  unsigned int size = 0;
  const int done =
      EVP_Digest(body.data(), body.size(), digest.data(), &size, EVP_sha256(), nullptr);
  SELVAGE_CHECK(done == 1 && size == digest.size());
  return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace selvage::data
