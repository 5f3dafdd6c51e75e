#include "data/detail/sqlite_writer.hpp"

#include <pthread.h>

#include "base/log.hpp"
#include "data/detail/sqlite_transaction.hpp"
#include "data/sqlite_database.hpp"

namespace selvage::data {

using Isolation = SqliteTransaction::Isolation;

SqliteWriter::SqliteWriter(std::unique_ptr<SqliteConnection> connection, std::size_t max_queued)
    : connection_(std::move(connection)), queue_(max_queued), thread_([this] { serve(); }) {
  pthread_setname_np(thread_.native_handle(), "db-writer");
}

SqliteWriter::~SqliteWriter() {
  queue_.close();
  thread_.join();
  connection_->checkpoint();
}

void SqliteWriter::serve() {
  std::vector<DatabaseJob> group;
  while (queue_.pop(kMaxGroup, group)) {
    if (group.size() == 1) {
      run_alone(group.front());
    } else {
      run_group(group);
    }
    group.clear();
  }
}

void SqliteWriter::run_alone(DatabaseJob& job) {
  Result<void> outcome = connection_->control("BEGIN IMMEDIATE");
  if (outcome) {
    SqliteTransaction transaction(*connection_, Isolation::whole);
    outcome = call_body(job.body, transaction);
    if (outcome) outcome = connection_->control("COMMIT");
    abandon();
  }
  job.done(std::move(outcome));
}

void SqliteWriter::run_group(std::vector<DatabaseJob>& group) {
  std::vector<Result<void>> outcomes(group.size());
  Result<void> shared = connection_->control("BEGIN IMMEDIATE");
  if (shared) {
    bool usable = run_bodies(group, outcomes);
    if (usable) {
      shared = connection_->control("COMMIT");
      abandon();
      // A deferred constraint is one body's fault, but only the commit sees it.
      usable = shared || shared.error().code != "db.constraint";
    }
    if (!usable) {
      for (DatabaseJob& job : group) run_alone(job);
      return;
    }
  }
  // When the commit failed, an outcome that says "already exists" may speak of a row that is gone
  // again, so everyone gets the commit's error.
  for (std::size_t i = 0; i < group.size(); ++i) {
    group[i].done(shared ? std::move(outcomes[i]) : shared);
  }
}

bool SqliteWriter::run_bodies(std::vector<DatabaseJob>& group,
                              std::vector<Result<void>>& outcomes) {
  for (std::size_t i = 0; i < group.size(); ++i) {
    SqliteTransaction transaction(*connection_, Isolation::savepoint);
    outcomes[i] = call_body(group[i].body, transaction);
    const bool alive = connection_->in_transaction() &&
                       (outcomes[i] ? transaction.keep() : transaction.undo()).has_value();
    if (!alive) {
      abandon();
      return false;
    }
  }
  return true;
}

void SqliteWriter::abandon() {
  if (!connection_->in_transaction()) return;
  if (Result<void> undone = connection_->control("ROLLBACK"); !undone) {
    log::error("database_rollback_failed", undone.error());
  }
}

}  // namespace selvage::data
