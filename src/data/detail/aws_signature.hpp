// AWS Signature Version 4 for S3: the Authorization header, and links that anyone may fetch.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
//
// A path is encoded once and never normalised, as S3 wants it and other AWS services do not. All
// headers that are given are signed.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "net/http_message.hpp"

namespace selvage::data {

struct AwsKey {
  std::string id;
  Secret secret;
  Secret session_token;  // of temporary credentials; else empty
};

struct AwsRequest {
  net::Method method = net::Method::get;
  std::string host;  // as the Host header says it: with the port unless it is the scheme's own
  std::string path;  // not encoded, begins with '/'
  std::vector<std::pair<std::string, std::string>> query;  // not encoded
  net::Headers headers;

  // Path and query, encoded.
  [[nodiscard]] std::string target() const;
};

// Any thread.
class AwsSigner {
 public:
  AwsSigner(AwsKey key, std::string region) : key_(std::move(key)), region_(std::move(region)) {}

  // The headers of `request` and those that authenticate it at `time`, to be sent all together (the
  // Host header is the client's to send). `payload_sha256` is the body's, in lower-case hex.
  [[nodiscard]] net::Headers sign(const AwsRequest& request, std::string_view payload_sha256,
                                  Timestamp time) const;
  // Path and query of a link that is good from `time` for `lifetime`, at most seven days.
  [[nodiscard]] std::string presign(AwsRequest request, seconds lifetime, Timestamp time) const;

  [[nodiscard]] const std::string& region() const { return region_; }

 private:
  [[nodiscard]] std::string scope(std::string_view stamp) const;
  [[nodiscard]] std::string signature(std::string_view canonical_request,
                                      std::string_view stamp) const;

  AwsKey key_;
  std::string region_;
};

// Lower-case hex, by OpenSSL, which uses the processor's own instructions: bodies are pictures.
[[nodiscard]] std::string payload_sha256(std::string_view body);
// Of an empty body.
inline constexpr std::string_view kEmptySha256 =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

}  // namespace selvage::data
