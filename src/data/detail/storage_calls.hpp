// StorageCalls: requests to a storage service over HTTP, made again after growing, jittered waits
// until an answer stands or the deadline comes. Every request is one that may be repeated.
//
// Belongs to one loop, as its HttpClient does; all of it is called there.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "data/detail/storage_answers.hpp"
#include "data/remote_place.hpp"
#include "net/http_client.hpp"

namespace selvage::data {

struct StorageCall {
  std::string_view what;                        // a literal, for logs: "put"
  std::shared_ptr<net::ClientRequest> request;  // one for all tries: a picture is held once
  // Called before each try: what depends on the time. May be empty.
  std::function<void(net::ClientRequest&)> prepare;
  // Why the answer is not what was asked for; nullopt when it is.
  std::function<std::optional<Refusal>(const net::ClientResponse&)> judge;
  Deadline deadline;
};

class StorageCalls {
 public:
  // `service` names it for people; it outlives this object.
  StorageCalls(net::Loop& home, std::string_view service, const RemoteOptions& options);

  // Errors: of `judge`; storage.unavailable (unavailable or timeout), storage.too_large.
  [[nodiscard]] Task<Result<net::ClientResponse>> send(StorageCall call);

 private:
  [[nodiscard]] Refusal failed_below(const Error& error, milliseconds took) const;

  std::string_view service_;
  net::HttpClient client_;
};

}  // namespace selvage::data
