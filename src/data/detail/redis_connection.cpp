#include "data/detail/redis_connection.hpp"

#include "base/log.hpp"
#include "net/loop.hpp"

namespace selvage::data {

RedisConnection::RedisConnection(RedisFinder& finder, const RedisOptions& options,
                                 CancelToken closing)
    : finder_(finder), options_(options), closing_(std::move(closing)) {}

Task<Result<void>> RedisConnection::wait_until_ready() {
  struct Outcome {
    RedisConnection& connection;
    bool await_ready() const noexcept { return connection.state_ != State::connecting; }
    void await_suspend(std::coroutine_handle<> handle) { connection.waiting_.push_back(handle); }
    void await_resume() const noexcept {}
  };
  if (closing_.cancelled()) co_return fail(closed_error(label()));
  if (state_ == State::idle) {
    state_ = State::connecting;
    tasks_.spawn(keep_connected(), "redis_connection");
  }
  if (waiting_.size() >= kMaxPending) co_return fail(too_many_error(label()));
  co_await Outcome{*this};
  if (pipeline_) co_return Result<void>();
  if (closing_.cancelled()) co_return fail(closed_error(label()));
  if (state_ == State::away) co_return fail(away_because_);
  co_return fail(unavailable_error(label(), "it broke the connection again"));
}

// Whoever waits learns the outcome. They may send, and so wait, again.
void RedisConnection::settle(State state) {
  state_ = state;
  const auto all = std::exchange(waiting_, {});
  for (const std::coroutine_handle<> one : all) one.resume();
}

Task<void> RedisConnection::keep_connected() {
  SteadyTime last_attempt = SteadyTime::min();
  while (!closing_.cancelled()) {
    const SteadyTime earliest =
        last_attempt == SteadyTime::min() ? last_attempt : last_attempt + kLeastBetween;
    if (const SteadyTime now = steady_now(); now < earliest) {
      const auto pause = std::chrono::ceil<milliseconds>(earliest - now);
      if (!co_await net::sleep_for(std::min(pause, options_.back_off), closing_)) break;
    }
    last_attempt = steady_now();
    auto found = co_await finder_.find(options_.connect_time, closing_);
    if (closing_.cancelled()) break;
    if (found) {
      co_await serve(std::move(*found));
      continue;
    }
    if (state_ != State::away) log::warning("redis_away", found.error(), {{"server", label()}});
    away_because_ = std::move(found.error());
    settle(State::away);
    co_await net::sleep_for(options_.back_off, closing_);
  }
  settle(State::closed);
}

Task<void> RedisConnection::serve(FoundServer found) {
  run_id_ = std::move(found.run_id);
  address_ = found.wire->address();
  const auto pipeline =
      std::make_shared<RedisPipeline>(std::move(found.wire), options_.reply_time,
                                      [this](std::string_view text) { on_refusal(text); });
  pipeline_ = pipeline;
  log::info("redis_connected",
            {{"server", label()}, {"address", pipeline->wire().label()}, {"run_id", run_id_}});
  const auto closed = closing_.on_cancel([&] { pipeline->close(); });
  settle(State::ready);
  co_await pipeline->run();
  if (pipeline_ == pipeline) pipeline_ = nullptr;
  if (!closing_.cancelled()) {
    state_ = State::connecting;
    log::warning("redis_connection_ended", {{"server", label()},
                                            {"address", pipeline->wire().label()},
                                            {"reason", pipeline->end_reason()}});
  }
  pipeline->give_up_waiting();
}

// A server that is the wrong one is left: what was already sent gets its answers, what comes now
// waits for the right one.
void RedisConnection::on_refusal(std::string_view text) {
  if (!pipeline_ || refusal_of(text, finder_.slot()) != Refusal::wrong_server) return;
  if (const auto address = redirection(text, pipeline_->wire().address())) {
    finder_.moved_to(*address);
  }
  log::info("redis_server_refuses", {{"server", label()}, {"answer", text.substr(0, 80)}});
  state_ = State::connecting;
  std::exchange(pipeline_, nullptr)->retire();
}

Task<void> RedisConnection::close() {
  if (state_ == State::idle) state_ = State::closed;
  co_await tasks_.join();
}

}  // namespace selvage::data
