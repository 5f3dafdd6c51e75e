// The Redis broker as a back end of QueueOn, and stories told on both back ends:
//
//   BROKER_STORY("Broker: what it does") {
//     QueueOn<Backend> queue;
//     ...
//   }
#pragma once

#include <thread>

#include "base/task_group.hpp"
#include "integration/work/queue_fixture.hpp"
#include "support/running_redis.hpp"
#include "work/redis_broker.hpp"

// clang-format off
#define BROKER_STORY(name) BROKER_STORY_(name, DOCTEST_ANONYMOUS(BrokerStory))
#define BROKER_STORY_(name, function)                                                  \
  template <class Backend> void function();                                            \
  TEST_CASE(name) { function<::selvage::work::Embedded>(); }                           \
  TEST_CASE(name " (Redis)") { SELVAGE_NEED_REDIS(); function<::selvage::work::OnRedis>(); } \
  template <class Backend> void function()
// clang-format on

namespace selvage::work {

// A loop on a thread of its own that serves a broker from construction to stop(), as a process of
// the platform does.
class ServingLoop {
 public:
  explicit ServingLoop(std::function<std::unique_ptr<Broker>(net::Loop&)> make)
      : broker(make(loop_)), thread_([this] { loop_.run_until_done(serve()); }) {}
  ~ServingLoop() { stop(); }
  void stop() {
    if (!thread_.joinable()) return;
    loop_.post([this] { stop_.cancel(); });
    thread_.join();
  }
  // As a crash: what is to be shipped stays in the outbox.
  [[nodiscard]] net::Loop& loop() { return loop_; }

 private:
  Task<void> serve() {
    co_await broker->run(stop_.token());
    co_await net::sleep_for(std::chrono::hours(1), stop_.token());
    co_await broker->close();
  }

  net::Loop loop_;
  CancelSource stop_;

 public:
  std::unique_ptr<Broker> broker;

 private:
  std::jthread thread_;
};

inline data::RedisUrl redis_url(const std::string& url) {
  return value(data::RedisUrl::parse(url));
}

inline std::function<std::unique_ptr<Broker>(net::Loop&)> redis_broker_maker(
    data::Database& database, const std::string& url, QueueOptions options) {
  return [&database, url, options](net::Loop& home) {
    return make_redis_broker(database, home, redis_url(url),
                             {.max_ready = options.max_ready,
                              .per_key_concurrency = options.per_key_concurrency,
                              .forms = options.forms,
                              .poll = options.poll,
                              .server_clock = options.server_clock});
  };
}

// Returns when nothing waits in the outbox of `database`.
inline void wait_until_shipped(data::Database& database) {
  const auto nothing_waits = [&] {
    return value(database.read_blocking([](data::Transaction& tx) -> Result<bool> {
      return !TRY(tx.query_one("SELECT 1 FROM task_outbox WHERE shipped_at IS NULL LIMIT 1"));
    }));
  };
  REQUIRE(testing::wait_until(nothing_waits, std::chrono::seconds(30)));
}

class OnRedis {
 public:
  static constexpr bool kCountsTokens = false;  // they grow with time
  OnRedis(data::Database& database, const QueueOptions& options)
      : database_(database), serving_(redis_broker_maker(database, emptied(), options)) {}
  // As another process sees the same queue.
  OnRedis(data::Database& database, const QueueOptions& options, OnRedis&)
      : database_(database), serving_(redis_broker_maker(database, redis().url(), options)) {}
  void wait_until_shipped() { work::wait_until_shipped(database_); }
  // One server for all cases of a process.
  static testing::RunningRedis& redis() {
    static testing::RunningRedis server;
    return server;
  }

 private:
  static std::string emptied() {
    redis().cli({"FLUSHALL"});
    return redis().url();
  }

  data::Database& database_;
  ServingLoop serving_;

 public:
  std::unique_ptr<Broker>& broker = serving_.broker;
};

}  // namespace selvage::work
