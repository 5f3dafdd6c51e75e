// RedisTurns: a connection whose callers take turns, each with the wire to itself until its answer
// is there: for commands that block their connection, and for what a cluster asks to be sent
// elsewhere this once.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "data/detail/redis_finder.hpp"

namespace selvage::data {

class RedisTurns {
 public:
  RedisTurns(net::Loop& home, RedisFinder& finder, const RedisOptions& options,
             CancelToken closing);

  // The answer to the last of `commands`, within the reply time and `at_most`. They go to the
  // server at `address`, or to the one the finder finds. Errors as those of Redis::blocking().
  [[nodiscard]] Task<Result<RedisReply>> ask(std::vector<RedisCommand> commands,
                                             std::optional<RedisAddress> address,
                                             milliseconds at_most, CancelToken cancel);
  // After `closing` was cancelled: until nobody is inside.
  [[nodiscard]] Task<void> close();

 private:
  [[nodiscard]] Task<Result<RedisReply>> ask_now(std::vector<RedisCommand> commands,
                                                 std::optional<RedisAddress> address,
                                                 milliseconds at_most, CancelToken cancel);
  [[nodiscard]] Task<Result<void>> open(std::optional<RedisAddress> address, CancelToken cancel);
  [[nodiscard]] std::string label() const { return finder_.url().label(); }

  RedisFinder& finder_;
  const RedisOptions& options_;
  const CancelToken closing_;
  std::unique_ptr<RedisWire> wire_;
  SteadyTime retry_at_ = SteadyTime::min();  // until then opening fails as it did last
  Error away_because_;
  bool busy_ = false;
  std::size_t callers_ = 0;
  net::Signal next_turn_;
  net::Signal all_done_;
};

}  // namespace selvage::data
