// RedisConnection: keeps one pipeline to the right server alive. A state machine:
//
//   idle --first command--> connecting --> ready --broken, or the wrong server--> connecting
//                               |                                                     |
//                               +-------failed-------> away --every back_off--> (ready or away)
//
// While connecting, commands wait for the outcome; while away they fail at once. Attempts are at
// least kLeastBetween apart, whatever a server does.
#pragma once

#include <coroutine>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "base/task_group.hpp"
#include "data/detail/redis_finder.hpp"
#include "data/detail/redis_pipeline.hpp"

namespace selvage::data {

class RedisConnection {
 public:
  static constexpr milliseconds kLeastBetween{1'000};

  RedisConnection(RedisFinder& finder, const RedisOptions& options, CancelToken closing);

  // A pipeline that takes commands. Errors: why there is none.
  [[nodiscard]] RedisPipeline* ready() const { return pipeline_.get(); }
  [[nodiscard]] Task<Result<void>> wait_until_ready();
  // The last server that was reached; empty before.
  [[nodiscard]] const std::string& run_id() const { return run_id_; }
  // Of the server that was reached last.
  [[nodiscard]] const RedisAddress& address() const { return address_; }
  // After `closing` was cancelled: until nothing runs any more.
  [[nodiscard]] Task<void> close();

 private:
  enum class State { idle, connecting, ready, away, closed };

  Task<void> keep_connected();
  Task<void> serve(FoundServer found);
  void settle(State state);
  void on_refusal(std::string_view text);
  [[nodiscard]] std::string label() const { return finder_.url().label(); }

  RedisFinder& finder_;
  const RedisOptions& options_;
  const CancelToken closing_;
  State state_ = State::idle;
  Error away_because_;
  std::shared_ptr<RedisPipeline> pipeline_;  // shared with its posted writes
  std::vector<std::coroutine_handle<>> waiting_;
  std::string run_id_;
  RedisAddress address_;
  TaskGroup tasks_;
};

}  // namespace selvage::data
