// A schedule, its leader and its queues in a real database of their own.
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <set>
#include <thread>

#include "base/log.hpp"
#include "data/migrations.hpp"
#include "schedule/beat.hpp"
#include "schedule/plan.hpp"
#include "support/eventually.hpp"
#include "support/test_database.hpp"
#include "work/sqlite_broker.hpp"

namespace selvage::schedule {

using namespace std::chrono_literals;

inline const bool kQuietLogs = (log::configure(log::Level::error, log::Format::json), true);

template <class T>
T value(Result<T> result) {
  REQUIRE_MESSAGE(result, result.error().describe());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

template <class T>
T await(Task<T> task) {
  net::Loop loop;
  return loop.run_until_done(std::move(task));
}

using testing::eventually;

inline Entry entry_every(std::string name, std::string interval, CatchUp catch_up = CatchUp::once) {
  Entry entry{.name = std::move(name),
              .every = std::move(interval),
              .task = "tests.tick",
              .queue = "celery",
              .catch_up = catch_up};
  entry.timing = value(Timing::every(entry.every));
  return entry;
}

class Schedule {
 public:
  explicit Schedule(work::SqlBrokerOptions options = {.poll = milliseconds(50)})
      : broker_(work::make_sql_broker(*database_, options)) {}

  data::Database& database() { return *database_; }
  work::Broker& broker() { return *broker_; }
  [[nodiscard]] const std::filesystem::path& directory() const { return place_.directory(); }

  template <class Body>
  auto write(Body body) {
    return value(database_->write_blocking(std::move(body)));
  }
  void save(const Entry& entry) {
    write([&](data::Transaction& tx) { return save_entry(tx, entry, Source::database, now()); });
  }
  std::optional<EntryRow> find(const std::string& name) {
    return write([&](data::Transaction& tx) { return find_entry(tx, name); });
  }
  std::vector<EntryRow> list() {
    return write([](data::Transaction& tx) { return list_entries(tx); });
  }
  // The ids of all tasks in a queue, sorted.
  std::vector<std::string> queued(const std::string& queue = "celery") {
    std::vector<std::string> ids;
    while (true) {
      const auto page = value(await(broker_->list(queue, "", 500, ids.empty() ? "" : ids.back())));
      for (const auto& task : page) ids.push_back(task.id);
      if (page.empty()) return ids;
    }
  }
  // Another connection to the same database, as another process has.
  std::unique_ptr<data::Database> connect() { return place_.must_open(); }

 private:
  std::unique_ptr<data::Database> open() {
    auto database = connect();
    const std::span<const data::Migration> rooms[] = {work::kWorkMigrations, kScheduleMigrations};
    value(data::migrate(*database, rooms));
    return database;
  }

  testing::TestDatabase place_;
  std::unique_ptr<data::Database> database_ = open();
  std::unique_ptr<work::Broker> broker_;
};

inline BeatOptions quick_options(std::string id = "beat-1") {
  return {.id = std::move(id),
          .lease = 2s,
          .step = milliseconds(20),
          .file_step = milliseconds(20),
          .error_wait = milliseconds(50)};
}

// A Beat on a thread and a database connection of its own.
class RunningBeat {
 public:
  explicit RunningBeat(Schedule& schedule, BeatOptions options = quick_options())
      : database_(schedule.connect()),
        broker_(work::make_sql_broker(*database_, {})),
        beat_(*database_, Outlet{*broker_, ""}, files_, std::move(options), metrics_),
        thread_([this] { loop_.run_until_done(beat_.run(stop_.token())); }) {}
  ~RunningBeat() { stop(); }

  void stop() {
    if (!thread_.joinable()) return;
    loop_.post([this] { stop_.cancel(); });
    thread_.join();
  }
  [[nodiscard]] bool leads() { return metrics_.gauge("schedule_leader", "").value() == 1; }
  [[nodiscard]] Registry& metrics() { return metrics_; }
  std::uint64_t fires(const std::string& name, const std::string& outcome) {
    return metrics_.counter("schedule_fires_total", "", {{"name", name}, {"outcome", outcome}})
        .value();
  }

 private:
  Registry metrics_;
  std::unique_ptr<data::Database> database_;
  std::unique_ptr<work::Broker> broker_;
  net::BlockingPool files_{"files", 1};
  net::Loop loop_;
  CancelSource stop_;
  Beat beat_;
  std::jthread thread_;
};

}  // namespace selvage::schedule
