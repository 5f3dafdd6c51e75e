// HTTP client on libcurl's multi interface, driven by the event loop. One client belongs to one
// loop and ends before it, with no request in flight (a bug otherwise: cancel them and await them).
//
// Connections are pooled and reused; requests over the connection limits wait in line. Nothing
// follows redirects. Cancellation and the deadline end a request at once. The body is capped while
// it streams. Errors: url.*, http.resolve, http.connect (nothing was sent yet), http.tls,
// http.timeout, http.too_large, http.protocol, http.header, cancelled. A response of any status is
// a success here.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "base/clock.hpp"
#include "base/units.hpp"
#include "net/address_policy.hpp"
#include "net/http_message.hpp"
#include "net/loop.hpp"

namespace selvage::net {

struct ClientRequest {
  Method method = Method::get;
  std::string url;
  Headers headers;
  std::string body;
  std::vector<FormPart> form;  // when not empty: multipart/form-data, `body` unused
  Deadline deadline = Deadline::never();
  ByteCount max_body = 64_MiB;
  CancelToken cancel;
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

struct ClientOptions {
  milliseconds connect_time{5000};
  std::size_t connections_per_host = 64;
  std::size_t total_connections = 256;
  std::string user_agent = "selvage";
  std::string ca_file;  // empty: the system's
};

// For URLs that an operator configured. Honours the proxy environment.
class HttpClient {
 public:
  HttpClient(Loop& loop, ClientOptions options);
  ~HttpClient();
  [[nodiscard, clang::coro_wrapper]] Task<Result<ClientResponse>> send(ClientRequest request);
  // The same without a copy, for a request that may be sent again.
  [[nodiscard]] Task<Result<ClientResponse>> send(std::shared_ptr<const ClientRequest> request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace selvage::net
