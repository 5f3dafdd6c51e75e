// One thread's part of the pool: a connection and the rules by which a body is tried again.
#pragma once

#include <memory>

#include "data/detail/fair_queue.hpp"
#include "data/detail/postgres_transaction.hpp"
#include "data/detail/reconnection.hpp"
#include "data/postgres_database.hpp"

namespace selvage::data {

// What the workers of a pool share; outlives them.
struct PostgresPool {
  PostgresPool(PostgresOptions o, PostgresTarget t)
      : options(std::move(o)),
        target(std::move(t)),
        queue(options.connections, options.max_queued) {}

  const PostgresOptions options;
  const PostgresTarget target;
  FairQueue queue;
  Reconnection reconnection;
};

class PostgresWorker {
 public:
  explicit PostgresWorker(PostgresPool& pool) : pool_(pool) {}

  // Serves the queue until it is closed and empty.
  void serve();

  // Makes the connection unless it is there, waiting until `until` for a server that is away.
  // Errors: db.auth, db.tls, db.open, db.unavailable.
  [[nodiscard]] Result<void> connect(SteadyTime until);
  [[nodiscard]] PostgresConnection& connection() { return *connection_; }

 private:
  // How a try of a body has ended.
  struct Ending {
    enum class Next { finish, repeat_conflict, repeat_lost, decide } next = Next::finish;
    Result<void> outcome;  // of `finish`; else what to say when there is no other try
    CommitMark mark;       // of `decide`
  };

  void run(FairJob& job);
  [[nodiscard]] Ending attempt(FairJob& job);
  // By failure_of() what a failed statement, or COMMIT, means.
  [[nodiscard]] static Ending ending_of(const PostgresFailure& failure);
  // Finds out what became of a commit.
  [[nodiscard]] Ending decide(const CommitMark& mark, const Error& lost);
  // Whether it was committed; false is for good.
  [[nodiscard]] Result<bool> ask(const CommitMark& mark);
  [[nodiscard]] PostgresTimes times() const {
    return {pool_.options.statement_time, pool_.options.lock_time, pool_.options.grace};
  }

  PostgresPool& pool_;
  std::unique_ptr<PostgresConnection> connection_;
  CommitSlot slot_;
  bool was_connected_ = false;
};

}  // namespace selvage::data
