// RedisCalls: one queue's connection, and its scripts called with the queue's keys.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "data/redis.hpp"
#include "work/detail/redis_scripts.hpp"
#include "work/queue_form.hpp"

namespace selvage::work {

struct RedisCallOptions {
  data::RedisUrl url;
  std::int64_t per_key_concurrency = 0;
  bool server_clock = true;  // false, for tests: now() of this process is the time
};

// On its home loop only.
class RedisCalls {
 public:
  RedisCalls(net::Loop& home, const RedisCallOptions& options, QueueForm form);

  [[nodiscard]] const QueueForm& form() const { return form_; }
  [[nodiscard]] const std::string& key(std::size_t place) const { return keys_[place]; }
  [[nodiscard]] const std::vector<std::string>& keys() const { return keys_; }
  [[nodiscard]] const data::RedisUrl& url() const { return url_; }
  [[nodiscard]] data::Redis& redis() { return redis_; }

  // A script that takes all keys; `arguments` are its own.
  [[nodiscard]] Task<Result<data::RedisReply>> eval(const data::RedisScript& script,
                                                    std::vector<std::string> arguments);
  [[nodiscard]] Task<Result<data::RedisReply>> complete(std::vector<std::string> tokens);

 private:
  const QueueForm form_;
  const std::vector<std::string> keys_;
  const std::vector<std::string> complete_keys_;
  const std::string limit_;
  const bool server_clock_;
  const data::RedisUrl url_;
  data::Redis redis_;
};

// Whether the server may have executed what this error was the answer to.
[[nodiscard]] bool may_have_run(const Error& error);
// A script's answer that is not what the script returns.
[[nodiscard]] std::unexpected<Error> odd_reply(std::string_view what);

}  // namespace selvage::work
