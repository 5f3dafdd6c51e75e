#include "data/detail/sqlite_readers.hpp"

#include <pthread.h>

#include "base/log.hpp"
#include "data/detail/sqlite_transaction.hpp"

namespace selvage::data {

SqliteReaders::SqliteReaders(std::vector<std::unique_ptr<SqliteConnection>> connections,
                             std::size_t max_queued)
    : connections_(std::move(connections)), queue_(max_queued) {
  for (const auto& connection : connections_) {
    threads_.emplace_back([this, &own = *connection] { serve(own); });
    pthread_setname_np(threads_.back().native_handle(), "db-reader");
  }
}

SqliteReaders::~SqliteReaders() {
  queue_.close();
  for (std::thread& thread : threads_) thread.join();
}

void SqliteReaders::serve(SqliteConnection& connection) {
  std::vector<DatabaseJob> one;
  while (queue_.pop(1, one)) {
    DatabaseJob& job = one.front();
    Result<void> outcome = connection.control("BEGIN");
    if (outcome) {
      SqliteTransaction transaction(connection, SqliteTransaction::Isolation::whole);
      outcome = call_body(job.body, transaction);
      // Nothing was changed, so there is nothing whose commit could fail.
      if (connection.in_transaction()) {
        if (Result<void> ended = connection.control("ROLLBACK"); !ended) {
          log::error("database_rollback_failed", ended.error());
        }
      }
    }
    job.done(std::move(outcome));
    one.clear();
  }
}

}  // namespace selvage::data
