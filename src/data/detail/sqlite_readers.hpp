// The reader threads, each with a connection of its own; a body sees one snapshot from its first
// query on.
#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "data/detail/job_queue.hpp"
#include "data/detail/sqlite_connection.hpp"

namespace selvage::data {

class SqliteReaders {
 public:
  SqliteReaders(std::vector<std::unique_ptr<SqliteConnection>> connections, std::size_t max_queued);
  // Finishes what is queued.
  ~SqliteReaders();

  // Any thread. False, with `job` untouched, when too much is queued.
  [[nodiscard]] bool submit(DatabaseJob& job) { return queue_.push(job); }

 private:
  void serve(SqliteConnection& connection);

  std::vector<std::unique_ptr<SqliteConnection>> connections_;
  JobQueue queue_;
  std::vector<std::thread> threads_;  // last: they use the rest
};

}  // namespace selvage::data
