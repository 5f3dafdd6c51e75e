// The writer thread: gathers queued bodies into one commit.
//
// A commit costs one fsync however many bodies it holds, so under load the price of durability is
// shared. Each body is isolated by a savepoint. What SQLite rolls back as a whole (full disk, I/O
// error in the middle of a group) is run again body by body, so that one body's trouble never
// becomes another's.
#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "data/detail/job_queue.hpp"
#include "data/detail/sqlite_connection.hpp"

namespace selvage::data {

class SqliteWriter {
 public:
  SqliteWriter(std::unique_ptr<SqliteConnection> connection, std::size_t max_queued);
  // Finishes what is queued and checkpoints.
  ~SqliteWriter();

  // Any thread. False, with `job` untouched, when too much is queued.
  [[nodiscard]] bool submit(DatabaseJob& job) { return queue_.push(job); }

 private:
  void serve();
  void run_group(std::vector<DatabaseJob>& group);
  void run_alone(DatabaseJob& job);
  // False when the group's transaction is lost and all must run again.
  [[nodiscard]] bool run_bodies(std::vector<DatabaseJob>& group,
                                std::vector<Result<void>>& outcomes);
  void abandon();

  std::unique_ptr<SqliteConnection> connection_;
  JobQueue queue_;
  std::thread thread_;  // last: it uses the rest
};

}  // namespace selvage::data
