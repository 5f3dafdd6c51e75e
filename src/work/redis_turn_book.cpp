#include <charconv>

#include "data/redis.hpp"
#include "net/hop.hpp"
#include "work/detail/lua/turn.hpp"
#include "work/detail/redis_calls.hpp"
#include "work/detail/turn.hpp"
#include "work/turn_book.hpp"

namespace selvage::work {

namespace {

constexpr const char* kSlot = "selvage:limits";

const data::RedisScript& turn_script() {
  static const data::RedisScript script(lua::kTurnScript);
  return script;
}

class RedisTurnBook final : public TurnBook {
 public:
  RedisTurnBook(net::Loop& home, data::RedisUrl url, bool server_clock)
      : home_(home),
        server_clock_(server_clock),
        redis_(home, std::move(url), {.slot_key = kSlot, .client_name = "selvage-limits"}) {}

  Task<Result<BookedTurn>> take(std::string name, std::int64_t per_minute, std::int64_t cost,
                                milliseconds at_most) override {
    const Deadline until = Deadline::after(at_most);
    co_return co_await net::run_on(home_, [&] [[clang::coro_wrapper]] () {
      return take_at_home(name, per_minute, cost, until);
    });
  }

  Task<void> close() override {
    co_await net::run_on(home_, [this] [[clang::coro_wrapper]] () { return redis_.close(); });
  }

 private:
  Task<Result<BookedTurn>> take_at_home(std::string name, std::int64_t per_minute,
                                        std::int64_t cost, Deadline until) {
    while (true) {
      if (redis_.server_run_id().empty()) {
        CO_TRY(co_await redis_.send(data::RedisCommand("PING")));
      }
      const std::string server = redis_.server_run_id();
      const SteadyTime asked = steady_now();
      const auto reply = CO_TRY(co_await redis_.eval(
          turn_script(), {data::suffix_key(kSlot, name)},
          arguments(per_minute, cost, std::min<milliseconds>(until.left(), kTurnHorizon), server)));
      // a turn that was taken at a server we did not know to be another is void
      if (redis_.server_run_id() != server) continue;
      std::int64_t wait = 0;
      if (!reply.is_array() || reply.array().size() != 2 || !reply.array()[0].is_integer() ||
          !reply.array()[1].is_text()) {
        co_return odd_reply("a turn");
      }
      const std::string& text = reply.array()[1].text();
      std::from_chars(text.data(), text.data() + text.size(), wait);
      // The server's time lies between asking and the answer: start by the later, expire by the
      // earlier.
      co_return BookedTurn{.taken = reply.array()[0].integer() == 1,
                           .start = steady_now() + microseconds(wait),
                           .void_after = asked + microseconds(wait) + kTurnSlack};
    }
  }

  [[nodiscard]] std::vector<std::string> arguments(std::int64_t per_minute, std::int64_t cost,
                                                   milliseconds at_most,
                                                   const std::string& server) const {
    const auto us = [](microseconds time) { return std::to_string(time.count()); };
    return {server_clock_ ? "" : std::to_string(to_unix_ms(now())),
            us(turn_interval(per_minute)),
            std::to_string(cost),
            us(at_most),
            us(kTurnMinute),
            us(furthest_turn(per_minute)),
            us(kTurnHorizon),
            server};
  }

  net::Loop& home_;
  const bool server_clock_;
  data::Redis redis_;
};

}  // namespace

std::unique_ptr<TurnBook> make_redis_turn_book(net::Loop& home, data::RedisUrl url,
                                               bool server_clock) {
  return std::make_unique<RedisTurnBook>(home, std::move(url), server_clock);
}

}  // namespace selvage::work
