// A queue in a real database file of its own, for the tests of this folder.
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data/migrations.hpp"
#include "data/sqlite_database.hpp"
#include "net/loop.hpp"
#include "work/sqlite_broker.hpp"

namespace selvage::work {

inline constexpr const char* kQueue = "tests";

// A directory that is gone with this object.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "selvage-work-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~ScratchDirectory() { std::filesystem::remove_all(path_); }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::unique_ptr<data::Database> open_database(const std::filesystem::path& file) {
  auto database = data::open_sqlite({.file = file});
  REQUIRE_MESSAGE(database, database.error().describe());
  const std::span<const data::Migration> rooms[] = {kWorkMigrations};
  const auto migrated = data::migrate(**database, rooms);
  REQUIRE_MESSAGE(migrated, migrated.error().describe());
  return std::move(*database);
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

struct QueueFixture {
  explicit QueueFixture(SqlBrokerOptions options = {.poll = milliseconds(50)})
      : broker(make_sql_broker(*database, options)) {}

  Result<void> try_enqueue(std::vector<NewTask> tasks) {
    auto done =
        database->write_blocking([&](data::Transaction& tx) { return broker->enqueue(tx, tasks); });
    if (done) broker->notify();
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

  ScratchDirectory directory;
  std::unique_ptr<data::Database> database = open_database(directory.path() / "queue.db");
  std::unique_ptr<Broker> broker;
};

inline std::vector<std::string> ids(const std::vector<Lease>& leases) {
  std::vector<std::string> all;
  for (const Lease& lease : leases) all.push_back(lease.ref.task_id);
  return all;
}

}  // namespace selvage::work
