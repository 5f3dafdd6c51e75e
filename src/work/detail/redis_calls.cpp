#include "work/detail/redis_calls.hpp"

#include <fmt/format.h>

#include "work/detail/redis_keys.hpp"

namespace selvage::work {

RedisCalls::RedisCalls(net::Loop& home, const RedisCallOptions& options, QueueForm form)
    : form_(std::move(form)),
      keys_(queue_keys(form_)),
      complete_keys_{keys_[queue_key::held], keys_[queue_key::leases]},
      limit_(std::to_string(options.per_key_concurrency)),
      server_clock_(options.server_clock),
      url_(options.url),
      redis_(home, options.url, {.slot_key = form_.queue, .client_name = "selvage-queue"}) {}

Task<Result<data::RedisReply>> RedisCalls::eval(const data::RedisScript& script,
                                                std::vector<std::string> arguments) {
  std::vector<std::string> all;
  all.reserve(arguments.size() + 2);
  all.push_back(server_clock_ ? "" : std::to_string(to_unix_ms(now())));
  all.push_back(limit_);
  std::ranges::move(arguments, std::back_inserter(all));
  co_return co_await redis_.eval(script, keys_, std::move(all));
}

[[clang::coro_wrapper]] Task<Result<data::RedisReply>> RedisCalls::complete(
    std::vector<std::string> tokens) {
  return redis_.eval(queue_scripts().complete, complete_keys_, std::move(tokens));
}

bool may_have_run(const Error& error) {
  return error.code == "redis.lost" || error.code == "redis.timeout" ||
         error.code == "redis.closed";
}

std::unexpected<Error> odd_reply(std::string_view what) {
  return fail(ErrorKind::internal, "queue.reply",
              fmt::format("Redis answered {} in a form that no script returns", what),
              "check that nothing else writes into the queue's keys");
}

}  // namespace selvage::work
