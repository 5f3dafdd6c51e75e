// Where a Redis is, as its URL says it:
//
//   redis://[user:password@]host[:6379][/db]            one server; rediss:// is the same over TLS
//   redis+sentinel://[user:password@]host[:26379],.../<master name>[/db][?sentinel_password=...]
//   redis+cluster://[user:password@]host[:6379],...     rediss+sentinel and rediss+cluster: over
//   TLS
//
// Percent-encoding in user, password and master name is decoded. `?ca_file=<path>` names the
// certificate authority of TLS (default: the system's), `?tls_name=<host>` the name to verify.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace selvage::data {

struct RedisAddress {
  std::string host;
  std::uint16_t port = 6379;
  bool operator==(const RedisAddress&) const = default;
};

enum class RedisTopology { single, sentinel, cluster };

struct RedisUrl {
  RedisTopology topology = RedisTopology::single;
  std::vector<RedisAddress> seeds;  // at least one
  bool tls = false;
  std::string ca_file;
  std::string tls_name;
  std::string user;
  Secret password;
  Secret sentinel_password;
  std::string master;  // of a sentinel URL
  int db = 0;          // a cluster has only 0

  // Errors: redis.url (invalid), which says what is wrong without showing a password.
  [[nodiscard]] static Result<RedisUrl> parse(std::string_view url);
  // The URL without credentials, for logs.
  [[nodiscard]] std::string label() const;
};

}  // namespace selvage::data
