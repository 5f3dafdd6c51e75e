// EgressGuard: the only way to fetch from, or post to, what a user's URL names (SSRF protection).
//
// Checks scheme, port, host spelling, then every resolved address, and connects only to an address
// that it checked (the socket is refused at its creation otherwise, which defeats DNS rebinding).
// No redirects, no proxy, no cookies, no credentials, no connection shared with anyone else's
// request. Cap while streaming, one deadline for all, header and magic bytes must agree on a
// picture type.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "base/clock.hpp"
#include "base/settings.hpp"
#include "base/units.hpp"
#include "net/address_policy.hpp"
#include "net/http_client.hpp"
#include "net/url.hpp"

namespace selvage::net {

struct EgressOptions {
  std::vector<std::string> schemes{"https", "http"};
  std::vector<std::uint16_t> ports{80, 443};  // hosts in `allowed` may use any port
  std::vector<CidrRange> allowed;             // EGRESS_ALLOW; must be empty in production
  ByteCount max_body = 10_MiB;
  milliseconds total_time{30'000};
  milliseconds connect_time{5'000};
  std::size_t concurrent = 64;
  std::string ca_file;
};

// The media types a fetch may return, decided by magic bytes and confirmed by Content-Type.
struct FetchedImage {
  std::string bytes;
  std::string media_type;  // "image/jpeg", "image/png", "image/webp"
};

// A message to a user's URL.
struct GuardedPost {
  std::string url;
  Headers headers;
  std::string body;
  ByteCount max_answer = 64_KiB;          // more of the answer's body is not read
  Deadline deadline = Deadline::never();  // total_time holds as well
  CancelToken cancel;
};

struct GuardedAnswer {
  int status = 0;
  Headers headers;
  std::string body;
  bool cut = false;  // the body was longer than asked for; what is here may be empty
};

// Belongs to one loop and ends before it, with no request in flight (a bug otherwise).
class EgressGuard {
 public:
  EgressGuard(Loop& loop, EgressOptions options);
  ~EgressGuard();

  // The checks that need no network: what POST /v1/jobs refuses at once. Errors: url.*,
  // egress.scheme_refused, egress.port_refused, egress.host_refused, egress.address_refused.
  [[nodiscard]] Result<Url> check(std::string_view url) const;

  // Also egress.redirect, egress.status, egress.type_refused, egress.type_mismatch,
  // egress.encoding_refused, egress.too_large, egress.timeout, egress.resolve, egress.connect (TLS
  // too), egress.protocol, cancelled. Kinds `unavailable` and `timeout` may pass; the others stay.
  // Messages name the origin, never path or query.
  [[nodiscard]] Task<Result<FetchedImage>> fetch_image(std::string url, CancelToken cancel);

  // Posts under the same checks. An answer of any status is a success, a redirect too: it is not
  // followed. Errors: as check(), egress.timeout, egress.resolve, egress.connect (nothing was
  // sent), egress.protocol, http.header (a header that could break out of its line), cancelled.
  [[nodiscard]] Task<Result<GuardedAnswer>> post(GuardedPost message);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

extern const SettingSection kEgressSettings;  // EGRESS_ALLOW, EGRESS_MAX_BYTES, EGRESS_TIMEOUT, ...
[[nodiscard]] Result<EgressOptions> egress_options(const Settings& settings);

}  // namespace selvage::net
