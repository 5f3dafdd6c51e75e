// RedisPipeline: one connection that thousands of callers share. What they add in one turn of the
// loop goes out in one write; answers come back in that order and resume their callers directly, so
// a command costs its bytes, one entry in a queue and one resumption.
//
// On one loop. Shared, because posted writes may run after its owner has let go.
#pragma once

#include <coroutine>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/task.hpp"
#include "data/detail/redis_errors.hpp"
#include "data/detail/redis_wire.hpp"

namespace selvage::data {

// One caller's place in the queue. Lives in the caller's coroutine, which awaits it right after
// RedisPipeline::add() took it.
struct RedisExchange {
  enum class Outcome {
    waiting,
    answered,  // `reply` holds the (last) answer
    unsent,    // the connection ended before all of it had left: nothing was executed
    lost,      // the connection ended after that
    silent,    // the server said nothing for too long
  };
  Outcome outcome = Outcome::waiting;
  RedisReply reply;
  std::string early_failure;  // the first refusal among answers before the last, as within MULTI

  bool await_ready() const noexcept { return outcome != Outcome::waiting; }
  void await_suspend(std::coroutine_handle<> handle) noexcept { awaiting = handle; }
  void await_resume() const noexcept {}

  std::coroutine_handle<> awaiting;
};

class RedisPipeline : public std::enable_shared_from_this<RedisPipeline> {
 public:
  // `refused` hears the text of every refusal of a command before its caller does.
  using Refused = std::function<void(std::string_view text)>;
  RedisPipeline(std::unique_ptr<RedisWire> wire, milliseconds reply_time, Refused refused);

  // Adds `bytes`, which hold `commands` commands, to what this turn sends. False, and nothing was
  // added, when too many wait. REQUIRES: run() is running.
  [[nodiscard]] bool add(RedisExchange& exchange, std::size_t commands, std::string_view bytes);
  [[nodiscard]] bool add(RedisExchange& exchange, const RedisCommand& command);

  // Reads answers until the connection ends; its caller then takes the pipeline out of use and
  // calls give_up_waiting().
  [[nodiscard]] Task<void> run();
  // Resumes whoever still waits, with the reason.
  void give_up_waiting();

  // No more is added; it ends when all have their answers.
  void retire();
  void close() { wire_->stream().close(); }

  [[nodiscard]] std::string end_reason() const;
  [[nodiscard]] const RedisWire& wire() const { return *wire_; }

 private:
  struct Waiting {
    RedisExchange* exchange;
    std::size_t answers;     // still to come
    std::uint64_t sent_end;  // the stream's position behind its bytes
  };

  bool enqueue(RedisExchange& exchange, std::size_t commands);
  void read_answers();
  void deliver(RedisReply reply);
  void flush_soon();
  Task<void> watch(CancelToken ended);

  std::unique_ptr<RedisWire> wire_;
  const milliseconds reply_time_;
  Refused refused_;
  std::deque<Waiting> waiting_;
  std::size_t pending_ = 0;     // answers that `waiting_` waits for
  std::uint64_t received_ = 0;  // reads that brought something
  bool flush_due_ = false;
  bool delivering_ = false;
  bool retired_ = false;
  bool silent_ = false;
};

}  // namespace selvage::data
