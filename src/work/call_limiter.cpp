#include "work/call_limiter.hpp"

#include <fmt/format.h>

#include "work/detail/turn.hpp"
#include "work/detail/turn_line.hpp"

namespace selvage::work {

namespace {

std::unexpected<Error> too_late(const std::string& name) {
  return fail(ErrorKind::timeout, "limit.deadline",
              fmt::format("the turn under the limit {} would come after the deadline", name),
              "try again later, or raise the limit");
}

}  // namespace

CallLimiter::CallLimiter(TurnBook& book, std::string name, std::int64_t per_minute)
    : book_(book),
      name_(std::move(name)),
      per_minute_(per_minute),
      line_(std::make_unique<TurnLine>()) {}

CallLimiter::~CallLimiter() = default;

Task<Result<void>> CallLimiter::acquire(std::int64_t cost, Deadline deadline, CancelToken cancel) {
  if (per_minute_ == 0) co_return Result<void>{};
  if (cost < 1 || cost > per_minute_) {
    co_return fail(ErrorKind::invalid, "limit.cost",
                   fmt::format("a call that counts {} can never start under the limit {} of {} "
                               "a minute",
                               cost, name_, per_minute_));
  }
  while (true) {
    BookedTurn turn;
    {
      TurnLine::Place place(*line_);
      const bool first = co_await place.until_first(deadline.left(), cancel);
      if (cancel.cancelled()) co_return fail(cancelled_error("waiting for a turn"));
      if (!first) co_return too_late(name_);
      turn = CO_TRY(co_await first_turn(cost, deadline, cancel));
    }
    co_await net::sleep_for(Deadline{turn.start}.left(), cancel);
    if (cancel.cancelled()) co_return fail(cancelled_error("waiting for a turn"));
    if (steady_now() <= turn.void_after) co_return Result<void>{};
    if (deadline.passed()) co_return too_late(name_);  // awake too late: that turn is void
  }
}

Task<Result<BookedTurn>> CallLimiter::first_turn(std::int64_t cost, Deadline deadline,
                                                 CancelToken cancel) {
  while (!cancel.cancelled()) {
    const BookedTurn turn = CO_TRY(co_await book_.take(name_, per_minute_, cost, deadline.left()));
    if (turn.taken) co_return turn;
    if (turn.start > deadline.at) co_return too_late(name_);
    co_await net::sleep_for(Deadline{turn.start - kTurnHorizon / 2}.left(), cancel);
  }
  co_return fail(cancelled_error("waiting for a turn"));
}

}  // namespace selvage::work
