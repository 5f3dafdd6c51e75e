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

CallLimiter::CallLimiter(data::Database& database, std::string name, std::int64_t per_minute)
    : database_(database),
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
    SteadyTime start;
    {
      TurnLine::Place place(*line_);
      const bool first = co_await place.until_first(deadline.left(), cancel);
      if (cancel.cancelled()) co_return fail(cancelled_error("waiting for a turn"));
      if (!first) co_return too_late(name_);
      start = CO_TRY(co_await first_turn(cost, deadline, cancel));
    }
    co_await net::sleep_for(Deadline{start}.left(), cancel);
    if (cancel.cancelled()) co_return fail(cancelled_error("waiting for a turn"));
    if (steady_now() - start <= kTurnSlack) co_return Result<void>{};
    if (deadline.passed()) co_return too_late(name_);  // awake too late: that turn is void
  }
}

Task<Result<SteadyTime>> CallLimiter::first_turn(std::int64_t cost, Deadline deadline,
                                                 CancelToken cancel) {
  while (!cancel.cancelled()) {
    struct Answer {
      Turn turn;
      SteadyTime asked;
    };
    const Answer answer =
        CO_TRY(co_await database_.write([name = name_, per_minute = per_minute_, cost,
                                         deadline](data::Transaction& tx) -> Result<Answer> {
          const SteadyTime asked = steady_now();  // with now(): the body may have waited
          const Turn turn = TRY(take_turn(tx, name, per_minute, cost, now(), deadline.left()));
          return Answer{turn, asked};
        }));
    const SteadyTime start = answer.asked + answer.turn.wait;
    if (answer.turn.taken) co_return start;
    if (start > deadline.at) co_return too_late(name_);
    co_await net::sleep_for(Deadline{start - kTurnHorizon / 2}.left(), cancel);
  }
  co_return fail(cancelled_error("waiting for a turn"));
}

}  // namespace selvage::work
