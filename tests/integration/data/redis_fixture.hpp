// A Redis client on a loop of its own, against a real server.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/task_group.hpp"
#include "data/redis.hpp"
#include "net/loop.hpp"
#include "support/running_redis.hpp"

namespace selvage::data {

inline RedisUrl redis_url(const std::string& text) {
  auto url = RedisUrl::parse(text);
  REQUIRE_MESSAGE(url.has_value(), url.error().describe());
  return *url;
}

// Impatient, so that tests need not be patient.
inline RedisOptions quick_options() {
  return {.client_name = "test",
          .connect_time = milliseconds(3000),
          .reply_time = milliseconds(2000),
          .back_off = milliseconds(200)};
}

// Runs `story` with a client that is closed at its end.
template <class Story>
void with_redis(const std::string& url, RedisOptions options, Story story) {
  net::Loop loop;
  Redis redis(loop, redis_url(url), std::move(options));
  struct Whole {
    static Task<void> run(Redis& redis, Story& story) {
      co_await story(redis);
      co_await redis.close();
    }
  };
  loop.run_until_done(Whole::run(redis, story));
}

// The text of an answer, or what is wrong, in one string that failed checks show.
inline std::string said(const Result<RedisReply>& result) {
  if (!result) return "error " + result.error().code;
  if (result->is_nil()) return "nil";
  if (result->is_integer()) return std::to_string(result->integer());
  if (result->is_text()) return result->text();
  return result->is_array() ? "array of " + std::to_string(result->array().size()) : "failure";
}

// Asks until `wanted` is the answer; false after ten seconds.
inline Task<bool> until_said(Redis& redis, RedisCommand command, std::string wanted) {
  const Deadline deadline = Deadline::after(milliseconds(20'000));
  while (!deadline.passed()) {
    RedisCommand again = command;
    if (said(co_await redis.send(std::move(again))) == wanted) co_return true;
    co_await net::sleep_for(milliseconds(20));
  }
  co_return false;
}

}  // namespace selvage::data
