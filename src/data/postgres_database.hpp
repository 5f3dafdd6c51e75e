// PostgreSQL 13 or newer, directly or through a pooler in transaction mode.
//
// A pool of connections, each with a thread of its own, made when they are first needed. Reads and
// writes take turns, and neither can hold all connections. Nothing is kept in a session: no
// prepared statement, no setting, no session lock.
//
// What happens when things break:
// - A connection that breaks before its COMMIT was sent: the server has rolled back, the body runs
//   again on another connection.
// - One that breaks during COMMIT: the table commit_marks (made by this room's migrations) tells
//   what became of it; the server is asked for at most `decision_time`. So nothing runs twice and
//   nothing that was committed is reported as failed; db.commit_unknown when it cannot be found
//   out.
// - A server that is away or starting is waited for, `patience` from the moment the transaction was
//   submitted; then it fails with db.unavailable.
// - A server that hangs is given up when it is `grace` behind its own time-outs.
// - Serialisation failures and deadlocks: the body runs again, a few times.
#pragma once

#include <memory>
#include <string>

#include "data/database.hpp"

namespace selvage::data {

struct PostgresOptions {
  std::string url;  // postgres://user:password@host:5432/database?sslmode=...
  std::size_t connections = 8;
  milliseconds statement_time{30'000};
  milliseconds lock_time{10'000};
  milliseconds patience{10'000};
  milliseconds connect_time{5'000};  // for each host
  milliseconds decision_time{30'000};
  milliseconds grace{5'000};
  std::size_t max_queued = 16'384;  // of each kind; more answers db.busy
};

inline constexpr int kOldestPostgres = 130'000;

// Connects once, to tell what is wrong. Errors: settings.database_url, db.auth, db.tls, db.open,
// db.unavailable.
[[nodiscard]] Result<std::unique_ptr<Database>> open_postgres(PostgresOptions options);

}  // namespace selvage::data
