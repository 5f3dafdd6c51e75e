// Redis: one pipelined connection to the server that holds a key.
//
// Belongs to one loop, its home; every member is called there (net::run_on() comes from elsewhere).
// Commands of one turn of the loop go out in one write and are answered in their order, so
// thousands of callers share a connection. The connection is made on the first command. When it
// breaks, it is made again: at once, then every `back_off` (a command that arrives meanwhile fails
// at once with redis.unavailable, so that nothing piles up). The server is looked up anew each
// time: the sentinels are asked for the master, a cluster for the node that holds `slot_key`; a
// READONLY, MOVED, ASK, LOADING, MASTERDOWN or CLUSTERDOWN answer starts that too.
//
// Errors: redis.unavailable (unavailable: nothing was executed), redis.lost (unavailable: the
// connection broke after sending, so it may have been executed), redis.timeout (timeout, as lost),
// redis.full (unavailable: the server is out of memory, nothing was executed), redis.auth,
// redis.reply (the server's own words), redis.busy (rate_limited: kMaxPending commands wait),
// redis.closed. No error shows an argument or a password.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/cancel.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/task.hpp"
#include "data/redis_url.hpp"
#include "net/loop.hpp"

namespace selvage::net {
class Stream;
}

namespace selvage::data {

inline constexpr std::size_t kMaxPending = 100'000;        // commands that wait for their answers
inline constexpr std::size_t kMaxRedisReply = 64U << 20U;  // bytes of one answer

// What a server said. An error inside an array is an element of its own.
class RedisReply {
 public:
  struct Failure {
    std::string text;  // "WRONGTYPE Operation against a key ..."
  };
  using Array = std::vector<RedisReply>;

  RedisReply() = default;  // nil
  explicit RedisReply(std::int64_t value) : value_(value) {}
  explicit RedisReply(std::string text) : value_(std::move(text)) {}
  explicit RedisReply(Array items) : value_(std::move(items)) {}
  explicit RedisReply(Failure failure) : value_(std::move(failure)) {}

  [[nodiscard]] bool is_nil() const { return std::holds_alternative<std::monostate>(value_); }
  [[nodiscard]] bool is_integer() const { return std::holds_alternative<std::int64_t>(value_); }
  [[nodiscard]] bool is_text() const { return std::holds_alternative<std::string>(value_); }
  [[nodiscard]] bool is_array() const { return std::holds_alternative<Array>(value_); }
  [[nodiscard]] const Failure* failure() const { return std::get_if<Failure>(&value_); }
  // REQUIRES: of that type (a bug otherwise). Simple and bulk strings are both text.
  [[nodiscard]] std::int64_t integer() const;
  [[nodiscard]] const std::string& text() const;
  [[nodiscard]] const Array& array() const;
  [[nodiscard]] std::string take_text();
  [[nodiscard]] Array take_array();

 private:
  std::variant<std::monostate, std::int64_t, std::string, Array, Failure> value_;
};

// A command in the wire format, built without a string for each word.
//   RedisCommand("SET").arg(key).arg(value).arg("PX").arg(1500)
class RedisCommand {
 public:
  explicit RedisCommand(std::string_view name);
  RedisCommand& arg(std::string_view word) &;
  RedisCommand& arg(std::int64_t number) &;
  RedisCommand&& arg(std::string_view word) && { return std::move(arg(word)); }
  RedisCommand&& arg(std::int64_t number) && { return std::move(arg(number)); }
  // The bytes "*<n>\r\n..." and how many words they hold.
  [[nodiscard]] std::string encode() const;
  [[nodiscard]] std::size_t words() const { return words_; }

 private:
  friend class RedisPipeline;
  bool append_to(net::Stream& stream) const;  // encode() without a copy; false when it is full

  std::string body_;
  std::size_t words_ = 0;
};

// A Lua script and its SHA-1, computed once. A script outlives every call of it.
class RedisScript {
 public:
  explicit RedisScript(std::string_view source);
  [[nodiscard]] std::string_view source() const { return source_; }
  [[nodiscard]] const std::string& sha1() const { return sha1_; }

 private:
  std::string_view source_;
  std::string sha1_;
};

struct RedisOptions {
  std::string slot_key;     // cluster: commands may only use keys of this key's hash slot
  std::string client_name;  // shown by CLIENT LIST; [A-Za-z0-9_.:-]
  milliseconds connect_time{5'000};
  milliseconds reply_time{10'000};  // then the connection is given up
  milliseconds back_off{5'000};
};

class Redis {
 public:
  Redis(net::Loop& home, RedisUrl url, RedisOptions options);
  // REQUIRES: close() was awaited, or nothing was ever sent.
  ~Redis();

  [[nodiscard]] Task<Result<RedisReply>> send(RedisCommand command);
  // EVALSHA, and EVAL once when the server does not know the script.
  [[nodiscard]] Task<Result<RedisReply>> eval(const RedisScript& script,
                                              std::vector<std::string> keys,
                                              std::vector<std::string> arguments);
  // All of them as one MULTI ... EXEC; the answers in order.
  [[nodiscard]] Task<Result<RedisReply::Array>> transaction(std::vector<RedisCommand> commands);
  // On a connection of its own that only blocking commands use, one at a time (BLMOVE, BLPOP):
  // may take `at_most` longer than others. A nil answer is the command's own time-out.
  // Cancelling ends it at once with `cancelled`; the connection is then made anew.
  [[nodiscard]] Task<Result<RedisReply>> blocking(RedisCommand command, milliseconds at_most,
                                                  CancelToken cancel);

  // Changes with every server this client has met: another value than before means a restart or a
  // failover, after which the last writes may be gone. Empty before the first connection.
  [[nodiscard]] const std::string& server_run_id() const;
  [[nodiscard]] net::Loop& home() const;
  // Ends the connections; what waits fails with redis.closed.
  [[nodiscard]] Task<void> close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct RedisMessage {
  std::string channel;
  std::string payload;
};

// Messages of channels and patterns, on a connection of its own that subscribes again after every
// reconnect (what was published meanwhile is lost: that is what Pub/Sub promises). Home loop only.
class RedisSubscription {
 public:
  RedisSubscription(net::Loop& home, RedisUrl url, std::vector<std::string> channels,
                    std::vector<std::string> patterns);
  ~RedisSubscription();
  // Calls `on_message` for each message until cancelled. `on_ready` is called after each
  // (re)subscription.
  [[nodiscard]] Task<void> run(std::function<void(RedisMessage)> on_message,
                               std::function<void()> on_ready, CancelToken cancel);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The name whose hash slot all keys of `name` share: a name that holds a "{tag}" keeps it, any
// other becomes "{name}". suffix_key("q", "held") is "{q}:held", in the slot of "q" itself.
[[nodiscard]] std::string suffix_key(std::string_view name, std::string_view suffix);

}  // namespace selvage::data
