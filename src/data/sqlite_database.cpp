#include "data/sqlite_database.hpp"

#include "data/detail/sqlite_readers.hpp"
#include "data/detail/sqlite_writer.hpp"

namespace selvage::data {

namespace {

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(std::unique_ptr<SqliteConnection> writer,
                 std::vector<std::unique_ptr<SqliteConnection>> readers, std::size_t max_queued)
      : writer_(std::move(writer), max_queued), readers_(std::move(readers), max_queued) {}

  Dialect dialect() const override { return Dialect::sqlite; }

  [[clang::coro_wrapper]] Task<Result<void>> ping() override {
    return read([](Transaction& tx) -> Result<void> {
      TRY(tx.query("SELECT 1"));
      return {};
    });
  }

 protected:
  void submit(Access access, ErasedBody body,
              std::move_only_function<void(Result<void>)> done) override {
    DatabaseJob job{std::move(body), std::move(done)};
    const bool accepted = access == Access::write ? writer_.submit(job) : readers_.submit(job);
    if (accepted) return;
    job.done(fail(ErrorKind::unavailable, "db.busy", "the database has too much work queued",
                  "try again in a moment"));
  }

 private:
  SqliteWriter writer_;    // its end checkpoints, so it goes after
  SqliteReaders readers_;  // the readers, whose snapshots would hold the log back
};

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(SqliteOptions options) {
  using Use = SqliteConnection::Use;
  std::unique_ptr<SqliteConnection> writer =
      TRY(SqliteConnection::open(options.file, Use::write, options.busy_time));
  std::vector<std::unique_ptr<SqliteConnection>> readers;
  for (std::size_t i = 0; i < std::max<std::size_t>(options.readers, 1); ++i) {
    readers.push_back(TRY(SqliteConnection::open(options.file, Use::read, options.busy_time)));
  }
  return std::make_unique<SqliteDatabase>(std::move(writer), std::move(readers),
                                          options.max_queued);
}

}  // namespace selvage::data
