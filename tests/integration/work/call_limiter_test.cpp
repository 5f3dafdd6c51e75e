#include "work/call_limiter.hpp"

#include "base/task_group.hpp"
#include "integration/work/redis_backend.hpp"
#include "work/detail/turn.hpp"

#define BOOK_STORY(name) BOOK_STORY_(name, DOCTEST_ANONYMOUS(BookStory))
#define BOOK_STORY_(name, function)        \
  template <class Book>                    \
  void function();                         \
  TEST_CASE(name) { function<SqlBook>(); } \
  TEST_CASE(name " (Redis)") {             \
    SELVAGE_NEED_REDIS();                  \
    function<RedisBook>();                 \
  }                                        \
  template <class Book>                    \
  void function()

namespace selvage::work {

namespace {

class SqlBook {
 public:
  [[nodiscard]] TurnBook& turns() { return *turns_; }

 private:
  testing::TestDatabase place_;
  std::unique_ptr<data::Database> database_ = open_database(place_);
  std::unique_ptr<TurnBook> turns_ = make_sql_turn_book(*database_);
};

// With its home loop on a thread of its own, as a process has it.
class RedisBook {
 public:
  explicit RedisBook(const std::string& url = emptied(), bool server_clock = true)
      : turns_(make_redis_turn_book(loop_, redis_url(url), server_clock)),
        thread_([this] { loop_.run_until_done(serve()); }) {}
  ~RedisBook() {
    loop_.post([this] { stop_.cancel(); });
    thread_.join();
  }
  [[nodiscard]] TurnBook& turns() { return *turns_; }

 private:
  static std::string emptied() {
    OnRedis::redis().cli({"FLUSHALL"});
    return OnRedis::redis().url();
  }
  Task<void> serve() {
    co_await net::sleep_for(std::chrono::hours(1), stop_.token());
    co_await turns_->close();
  }

  net::Loop loop_;
  CancelSource stop_;
  std::unique_ptr<TurnBook> turns_;
  std::jthread thread_;
};

milliseconds elapsed(SteadyTime since) {
  return std::chrono::duration_cast<milliseconds>(steady_now() - since);
}

}  // namespace

BOOK_STORY("CallLimiter: turns come one interval apart, in the order they were asked for") {
  Book book;
  CallLimiter limiter(book.turns(), "provider", 1200);  // one each 50.4 ms
  struct Caller {
    static Task<void> call(CallLimiter& limit, int number, std::vector<int>& order) {
      value(co_await limit.acquire(1, Deadline::never(), {}));
      order.push_back(number);
    }
    static Task<void> all(CallLimiter& limit, std::vector<int>& order) {
      TaskGroup group;
      for (int i = 0; i < 8; ++i) group.spawn(call(limit, i, order), "call");
      co_await group.join();
    }
  };
  std::vector<int> order;
  const SteadyTime begin = steady_now();
  await(Caller::all(limiter, order));
  CHECK(elapsed(begin) >= milliseconds(350));
  CHECK(order == std::vector{0, 1, 2, 3, 4, 5, 6, 7});
}

BOOK_STORY("CallLimiter: a turn after the deadline is refused at once and uses nothing up") {
  Book book;
  CallLimiter limiter(book.turns(), "provider", 2);
  value(await(limiter.acquire(1, Deadline::never(), {})));
  const SteadyTime begin = steady_now();
  const auto refused = await(limiter.acquire(1, Deadline::after(seconds(5)), {}));
  CHECK(elapsed(begin) < milliseconds(500));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "limit.deadline");
  CHECK(refused.error().kind == ErrorKind::timeout);
  const auto next = value(await(book.turns().take("provider", 2, 1, kTurnHorizon)));
  CHECK(next.start - steady_now() < seconds(32));
}

BOOK_STORY("CallLimiter: cancelling ends the wait, and the next in line gets its turn") {
  Book book;
  CallLimiter limiter(book.turns(), "provider", 2);
  value(await(limiter.acquire(1, Deadline::never(), {})));
  net::Loop loop;
  CancelSource stop;
  struct Both {
    static Task<void> first(CallLimiter& limit, CancelToken token, std::string& code) {
      code = (co_await limit.acquire(1, Deadline::never(), token)).error().code;
    }
    static Task<void> second(CallLimiter& limit, std::string& code) {
      code = (co_await limit.acquire(1, Deadline::after(milliseconds(700)), {})).error().code;
    }
    static Task<void> run(CallLimiter& limit, CancelSource& source, std::string& a,
                          std::string& b) {
      TaskGroup group;
      group.spawn(first(limit, source.token(), a), "first");
      group.spawn(second(limit, b), "second");
      co_await net::sleep_for(milliseconds(100));
      source.cancel();
      co_await group.join();
    }
  };
  std::string first;
  std::string second;
  const SteadyTime begin = steady_now();
  loop.run_until_done(Both::run(limiter, stop, first, second));
  CHECK(first == "cancelled");
  CHECK(second == "limit.deadline");  // told by the database, so before its deadline
  CHECK(elapsed(begin) < milliseconds(600));
}

TEST_CASE("CallLimiter: fails closed, and knows what can never be") {
  testing::TestDatabase place;
  const auto empty = place.must_open();
  const auto turns = make_sql_turn_book(*empty);
  CallLimiter broken(*turns, "provider", 300);
  CHECK_FALSE(await(broken.acquire(1, Deadline::never(), {})));
  CallLimiter unlimited(*turns, "provider", 0);
  CHECK(await(unlimited.acquire(1'000'000, Deadline::never(), {})));
  CHECK(await(broken.acquire(301, Deadline::never(), {})).error().code == "limit.cost");
  CHECK(await(broken.acquire(0, Deadline::never(), {})).error().code == "limit.cost");
}

TEST_CASE("CallLimiter: nobody calls while Redis is away, and the limit goes on when it is back") {
  SELVAGE_NEED_REDIS();
  testing::RunningRedis redis({.append_fsync = "always"});
  RedisBook book(redis.url());
  CallLimiter limiter(book.turns(), "provider", 600);
  value(await(limiter.acquire(1, Deadline::never(), {})));
  redis.kill_nine();
  const auto refused = await(limiter.acquire(1, Deadline::after(seconds(2)), {}));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code.starts_with("redis."));
  redis.start();
  const auto again = [&] {
    return await(limiter.acquire(1, Deadline::after(seconds(20)), {})).has_value();
  };
  CHECK(testing::wait_until(again, seconds(60)));
}

TEST_CASE("CallLimiter: what a restarted Redis may have forgotten is waited out") {
  SELVAGE_NEED_REDIS();
  testing::RunningRedis redis;  // memory only: a restart forgets everything
  RedisBook book(redis.url());
  const auto take = [&] { return value(await(book.turns().take("provider", 600, 3, seconds(1)))); };
  while (!take().taken) std::this_thread::sleep_for(milliseconds(50));
  redis.kill_nine();
  redis.start();
  REQUIRE(testing::wait_until(
      [&] { return await(book.turns().take("another", 600, 1, seconds(1))).has_value(); },
      seconds(60)));
  const BookedTurn turn = take();  // the horizon and three intervals, and two for its own cost
  CHECK(turn.start - steady_now() > milliseconds(1'000 + 3 * 100));
}

TEST_CASE("CallLimiter: a full Redis still gives turns, so that workers can empty it") {
  SELVAGE_NEED_REDIS();
  testing::RunningRedis redis;
  RedisBook book(redis.url());
  CallLimiter limiter(book.turns(), "provider", 6000);
  value(await(limiter.acquire(1, Deadline::never(), {})));
  redis.cli({"CONFIG", "SET", "maxmemory", "100kb"});
  CHECK(redis.cli({"SET", "a", "b"}).contains("OOM"));
  CHECK(await(limiter.acquire(1, Deadline::never(), {})));
}

}  // namespace selvage::work
