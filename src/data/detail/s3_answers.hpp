// The answers of S3 services: errors and listings, in XML.
#pragma once

#include <string>
#include <vector>

#include "base/secret.hpp"
#include "data/detail/storage_answers.hpp"
#include "net/http_client.hpp"

namespace selvage::data {

inline constexpr std::string_view kS3 = "S3";

// Why the answer is not what was asked for; nullopt when its status is 2xx. `region` is the one
// that was asked.
[[nodiscard]] std::optional<Refusal> judge_s3(const net::ClientResponse& response,
                                              std::string_view region, const Secret& key);

struct S3Page {
  std::vector<std::string> names;
  std::string next;  // where the next page begins; empty: this is the last one
};
// Of GET /?list-type=2. Errors: storage.protocol.
[[nodiscard]] Result<S3Page> read_s3_page(std::string_view body);

}  // namespace selvage::data
