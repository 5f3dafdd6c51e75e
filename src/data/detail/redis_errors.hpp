// What the answers of a Redis server that refuse a command mean for its sender.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "data/redis_url.hpp"

namespace selvage::data {

enum class Refusal {
  none,          // a plain error: redis.reply
  wrong_server,  // READONLY, LOADING, MASTERDOWN, CLUSTERDOWN, MOVED, ...: look for another one
  asked_on,      // ASK: this once, another server has it
  busy,          // TRYAGAIN, BUSY, MISCONF, NOREPLICAS: this server, later; nothing was executed
  full,          // out of memory
  credentials,   // NOAUTH, WRONGPASS, NOPERM
  no_script,
};
// By the first word of the server's text; older servers hide it inside that of a failed script.
// `slot` is the only one of a cluster that is asked for; a redirection of another slot is a bug of
// the caller's, and one without a cluster of the configuration: none.
[[nodiscard]] Refusal refusal_of(std::string_view text, std::optional<unsigned> slot);

// The error a caller gets. `server` is its label. Arguments that the server repeats are cut off.
[[nodiscard]] Error refused_error(std::string_view server, std::string_view text,
                                  std::optional<unsigned> slot = {});

// The address in "MOVED 3999 10.0.0.7:6381" or "ASK ..."; without a host it is that of `asked`.
[[nodiscard]] std::optional<RedisAddress> redirection(std::string_view text,
                                                      const RedisAddress& asked);

// The errors of the connection itself.
[[nodiscard]] Error unavailable_error(std::string_view server, std::string_view why);
[[nodiscard]] Error lost_error(std::string_view server, std::string_view why);
[[nodiscard]] Error silent_error(std::string_view server);
[[nodiscard]] Error closed_error(std::string_view server);
[[nodiscard]] Error too_many_error(std::string_view server);

}  // namespace selvage::data
