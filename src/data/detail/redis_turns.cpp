#include "data/detail/redis_turns.hpp"

#include <algorithm>

#include "data/detail/redis_errors.hpp"

namespace selvage::data {

namespace {

constexpr milliseconds kLongest{std::chrono::hours(24 * 365)};

}  // namespace

RedisTurns::RedisTurns(net::Loop& home, RedisFinder& finder, const RedisOptions& options,
                       CancelToken closing)
    : finder_(finder),
      options_(options),
      closing_(std::move(closing)),
      next_turn_(home),
      all_done_(home) {}

Task<Result<RedisReply>> RedisTurns::ask(std::vector<RedisCommand> commands,
                                         std::optional<RedisAddress> address, milliseconds at_most,
                                         CancelToken cancel) {
  if (closing_.cancelled()) co_return fail(closed_error(label()));
  if (callers_ >= kMaxPending) co_return fail(too_many_error(label()));
  ++callers_;
  CancelSource either;
  Result<RedisReply> result = fail(cancelled_error("a Redis command"));
  {
    const auto cancelled = cancel.on_cancel([&] { either.cancel(); });
    const auto closing = closing_.on_cancel([&] { either.cancel(); });
    while (busy_ && !either.cancelled()) co_await next_turn_.wait(kLongest, either.token());
    if (!either.cancelled()) {
      busy_ = true;
      result = co_await ask_now(std::move(commands), std::move(address),
                                std::min(at_most, kLongest), either.token());
      busy_ = false;
      next_turn_.set();
    }
  }
  if (!result && closing_.cancelled() && !cancel.cancelled()) result = fail(closed_error(label()));
  --callers_;
  if (callers_ == 0 && closing_.cancelled()) all_done_.set();
  co_return result;
}

Task<Result<RedisReply>> RedisTurns::ask_now(std::vector<RedisCommand> commands,
                                             std::optional<RedisAddress> address,
                                             milliseconds at_most, CancelToken cancel) {
  CO_TRY(co_await open(std::move(address), cancel));
  auto replies = co_await wire_->ask(std::move(commands),
                                     Deadline::after(at_most + options_.reply_time), cancel);
  if (!replies) {
    wire_ = nullptr;
    switch (replies.error().kind) {
      case ErrorKind::cancelled:
      case ErrorKind::rate_limited:
        co_return fail(replies.error());
      case ErrorKind::timeout:
        co_return fail(silent_error(label()));
      default:
        co_return fail(lost_error(label(), replies.error().message));
    }
  }
  RedisReply reply = std::move(replies->back());
  const RedisReply::Failure* failure = reply.failure();
  if (failure != nullptr && refusal_of(failure->text, finder_.slot()) == Refusal::wrong_server) {
    if (const auto to = redirection(failure->text, wire_->address())) finder_.moved_to(*to);
    wire_ = nullptr;
  }
  co_return reply;
}

Task<Result<void>> RedisTurns::open(std::optional<RedisAddress> address, CancelToken cancel) {
  // a server that went away while nothing was asked has closed the connection
  if (wire_ && wire_->stream().is_quiet() && (!address || *address == wire_->address())) {
    co_return Result<void>();
  }
  wire_ = nullptr;
  if (steady_now() < retry_at_) co_return fail(away_because_);
  auto found =
      address ? co_await finder_.connect(*address, Deadline::after(options_.connect_time), cancel)
              : co_await finder_.find(options_.connect_time, cancel);
  if (!found) {
    if (found.error().kind != ErrorKind::cancelled) {
      retry_at_ = steady_now() + options_.back_off;
      away_because_ = found.error();
    }
    co_return fail(found.error());
  }
  wire_ = std::move(found->wire);
  co_return Result<void>();
}

Task<void> RedisTurns::close() {
  while (callers_ > 0) co_await all_done_.wait(kLongest);
  wire_ = nullptr;
}

}  // namespace selvage::data
