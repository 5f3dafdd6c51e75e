// RedisWire: one connection to one Redis server, spoken over in turns: commands out, their answers
// in. What shares a connection between many callers is built on top (RedisPipeline).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "base/clock.hpp"
#include "base/task.hpp"
#include "data/detail/resp_reader.hpp"
#include "data/redis.hpp"
#include "net/stream.hpp"

namespace selvage::data {

struct RedisLogin {
  std::string user;  // empty: the default user
  Secret password;   // with no user and no password there is no AUTH
  int db = 0;
  std::string client_name;  // empty: not said
};

// On one loop. One call at a time.
class RedisWire {
 public:
  // TLS as `url` says. Errors: those of net::Stream.
  [[nodiscard]] static Task<Result<std::unique_ptr<RedisWire>>> open(RedisUrl url,
                                                                     RedisAddress address,
                                                                     Deadline deadline,
                                                                     CancelToken cancel);

  // AUTH, SELECT, CLIENT SETNAME and PING, then `more`, all in one round trip; the answers to
  // `more`. Errors: redis.auth, redis.unavailable when the server serves nobody now (LOADING, too
  // many clients), redis.reply for a database that it does not have.
  [[nodiscard]] Task<Result<RedisReply::Array>> log_in(RedisLogin login,
                                                       std::vector<RedisCommand> more,
                                                       Deadline deadline, CancelToken cancel);
  // Sends the commands and reads their answers. After an error the wire is closed.
  // Errors: stream.closed, stream.timeout, redis.protocol (all unavailable or timeout), cancelled.
  [[nodiscard]] Task<Result<RedisReply::Array>> ask(std::vector<RedisCommand> commands,
                                                    Deadline deadline, CancelToken cancel);
  // The next answer or published message; the same errors.
  [[nodiscard]] Task<Result<RedisReply>> next(Deadline deadline, CancelToken cancel);

  [[nodiscard]] net::Stream& stream() { return *stream_; }
  [[nodiscard]] RespReader& reader() { return reader_; }
  [[nodiscard]] const RedisAddress& address() const { return address_; }
  [[nodiscard]] std::string label() const;

 private:
  RedisWire(std::unique_ptr<net::Stream> stream, RedisAddress address)
      : stream_(std::move(stream)), address_(std::move(address)) {}

  std::unique_ptr<net::Stream> stream_;
  RespReader reader_;
  RedisAddress address_;
};

[[nodiscard]] std::string label_of(const RedisAddress& address);  // "host:port"

}  // namespace selvage::data
