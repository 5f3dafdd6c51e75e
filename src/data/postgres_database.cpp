#include "data/postgres_database.hpp"

#include <fmt/format.h>
#include <pthread.h>

#include <thread>

#include "base/log.hpp"
#include "data/detail/postgres_worker.hpp"

namespace selvage::data {

namespace {

class PostgresDatabase final : public Database {
 public:
  PostgresDatabase(std::unique_ptr<PostgresPool> pool, std::unique_ptr<PostgresWorker> first)
      : pool_(std::move(pool)) {
    workers_.push_back(std::move(first));
    while (workers_.size() < pool_->options.connections) {
      workers_.push_back(std::make_unique<PostgresWorker>(*pool_));
    }
    // The last to start waits on top of the idle ones, so the first to serve is the connected one.
    for (auto worker = workers_.rbegin(); worker != workers_.rend(); ++worker) {
      threads_.emplace_back([&own = **worker] { own.serve(); });
      pthread_setname_np(threads_.back().native_handle(), "db-postgres");
    }
  }
  ~PostgresDatabase() override {
    pool_->queue.close();
    pool_->reconnection.stop();
    for (std::thread& thread : threads_) thread.join();
  }

  Dialect dialect() const override { return Dialect::postgres; }

  [[clang::coro_wrapper]] Task<Result<void>> ping() override {
    return read([](Transaction& tx) -> Result<void> {
      TRY(tx.query("SELECT 1"));
      return {};
    });
  }

 protected:
  void submit(Access access, ErasedBody body,
              std::move_only_function<void(Result<void>)> done) override {
    const auto kind = access == Access::write ? FairJob::Kind::write : FairJob::Kind::read;
    FairJob job{kind, std::move(body), std::move(done), steady_now()};
    if (pool_->queue.push(job)) return;
    job.done(fail(ErrorKind::unavailable, "db.busy", "the database has too much work queued",
                  "try again in a moment"));
  }

 private:
  std::unique_ptr<PostgresPool> pool_;
  std::vector<std::unique_ptr<PostgresWorker>> workers_;
  std::vector<std::thread> threads_;  // last: they use the rest
};

// What an operator should know of the server, said once.
Result<void> look_at_server(PostgresConnection& connection, const PostgresTarget& target) {
  if (connection.server_version() < kOldestPostgres) {
    return fail(ErrorKind::unavailable, "db.open",
                fmt::format("the database {} is PostgreSQL {}; 13 is the oldest that works",
                            target.shown, connection.server_version() / 10'000),
                "upgrade the server");
  }
  if (!connection.is_encrypted() && !connection.is_local()) {
    log::warning("database_not_encrypted",
                 {{"database", target.shown},
                  {"hint", "add sslmode=require, or better verify-full, to DATABASE_URL"}});
  }
  const PostgresStatement question{"SELECT current_setting('fsync')", {}};
  const auto answers = connection.round_trip({&question, 1}, milliseconds(10'000));
  if (!answers) return std::unexpected(answers.error().error);
  if (answers->front().rows.at(0).text(0) == "off") {
    log::warning("database_not_durable", {{"database", target.shown}, {"hint", "set fsync=on"}});
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Database>> open_postgres(PostgresOptions options) {
  options.connections = std::max<std::size_t>(options.connections, 1);
  PostgresTarget target = TRY(parse_postgres_url(options.url));
  options.url.clear();  // the target keeps it, as a secret
  auto pool = std::make_unique<PostgresPool>(std::move(options), std::move(target));
  auto first = std::make_unique<PostgresWorker>(*pool);
  TRY(first->connect(steady_now() + pool->options.patience));
  TRY(look_at_server(first->connection(), pool->target));
  return std::make_unique<PostgresDatabase>(std::move(pool), std::move(first));
}

}  // namespace selvage::data
