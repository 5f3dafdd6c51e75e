// A queue of its own for each test of this folder, on the back end the test asks for.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "data/migrations.hpp"
#include "net/loop.hpp"
#include "support/test_database.hpp"
#include "work/queue_form.hpp"
#include "work/sqlite_broker.hpp"

namespace selvage::work {

inline constexpr const char* kQueue = "tests";

// As another process would open it, with the tables of this room.
inline std::unique_ptr<data::Database> open_database(const testing::TestDatabase& place) {
  auto database = place.must_open();
  const std::span<const data::Migration> rooms[] = {kWorkMigrations};
  const auto migrated = data::migrate(*database, rooms);
  REQUIRE_MESSAGE(migrated, migrated.error().describe());
  return database;
}

// Waits for a task on a loop of its own.
template <class T>
T await(Task<T> task) {
  net::Loop loop;
  return loop.run_until_done(std::move(task));
}

// The value of a Result that a test is sure of.
template <class T>
T value(Result<T> result) {
  REQUIRE_MESSAGE(result, result.error().describe());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

struct QueueOptions {
  std::int64_t max_ready = 100'000;
  milliseconds poll{50};
  std::int64_t per_key_concurrency = 0;
  std::vector<QueueForm> forms{};
  bool server_clock = false;  // Redis: the tests' clock is the time, so that it can be moved
};

// The queue in the database itself.
class Embedded {
 public:
  static constexpr bool kCountsTokens = true;  // one more with each hand-out of a task
  static bool is_there() { return true; }
  Embedded(data::Database& database, const QueueOptions& options)
      : broker(make_sql_broker(database, {.max_ready = options.max_ready,
                                          .per_key_concurrency = options.per_key_concurrency,
                                          .poll = options.poll})) {}
  // As another process sees the same queue.
  Embedded(data::Database& database, const QueueOptions& options, Embedded&)
      : Embedded(database, options) {}
  void wait_until_shipped() {}

  std::unique_ptr<Broker> broker;
};

// A queue of its own in a database of its own.
template <class Backend>
struct QueueOn {
  explicit QueueOn(QueueOptions options = {}) : backend(*database, options) {}

  Result<void> try_enqueue(std::vector<NewTask> tasks) {
    auto done =
        database->write_blocking([&](data::Transaction& tx) { return broker->enqueue(tx, tasks); });
    if (done) {
      broker->notify();
      backend.wait_until_shipped();
    }
    return done;
  }
  void enqueue(std::vector<NewTask> tasks) { value(try_enqueue(std::move(tasks))); }
  void enqueue(std::string id) {
    enqueue({{.id = std::move(id), .queue = kQueue, .payload = "{}"}});
  }

  std::vector<Lease> lease(std::size_t max, milliseconds duration = seconds(10),
                           std::string worker = "worker-1") {
    return value(await(broker->lease(kQueue, std::move(worker), max, duration)));
  }
  Lease lease_one(milliseconds duration = seconds(10), std::string worker = "worker-1") {
    auto leases = lease(1, duration, std::move(worker));
    REQUIRE(leases.size() == 1);
    return std::move(leases.front());
  }
  std::optional<TaskView> find(std::string id) {
    return value(await(broker->find(kQueue, std::move(id))));
  }

  testing::TestDatabase place;
  std::unique_ptr<data::Database> database = open_database(place);
  Backend backend;
  std::unique_ptr<Broker>& broker = backend.broker;
};
using QueueFixture = QueueOn<Embedded>;

inline std::vector<std::string> ids(const std::vector<Lease>& leases) {
  std::vector<std::string> all;
  for (const Lease& lease : leases) all.push_back(lease.ref.task_id);
  return all;
}

}  // namespace selvage::work
