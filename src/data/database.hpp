// Database: transactions on SQLite and on PostgreSQL by one interface.
//
// A transaction is a plain function over a Transaction; it runs on the database's own threads,
// never on an event loop, and may be run again when the engine asks for it (serialisation, busy, a
// connection that broke), so it must touch nothing but its Transaction and what it returns. write()
// resumes only when the commit is durable; one that returns an error leaves no trace. SQL is the
// common subset; parameters are $1, $2, ...
//
// On SQLite writes run one after the other and share commits (group commit). On PostgreSQL they run
// side by side at READ COMMITTED: an UPDATE checks its WHERE on the newest version of a row, but
// what a SELECT has read may be old a moment later. So let a guarded UPDATE or a unique index
// decide, or take lock() first. After an error of query() or execute() a transaction, or the part
// of it that attempt() runs, is over: return it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/task.hpp"

namespace selvage::data {

enum class Dialect { sqlite, postgres };

using SqlValue = std::variant<std::monostate, std::int64_t, double, std::string>;
using Params = std::vector<SqlValue>;

[[nodiscard]] inline SqlValue sql(std::optional<std::string> text) {
  return text ? SqlValue(std::move(*text)) : SqlValue();
}
[[nodiscard]] inline SqlValue sql(Timestamp time) { return to_unix_ms(time); }
[[nodiscard]] inline SqlValue sql(std::optional<Timestamp> time) {
  return time ? SqlValue(to_unix_ms(*time)) : SqlValue();
}

// Columns by position, in the order of the SELECT.
class Row {
 public:
  explicit Row(std::vector<SqlValue> values) : values_(std::move(values)) {}
  [[nodiscard]] bool is_null(std::size_t column) const {
    return std::holds_alternative<std::monostate>(values_.at(column));
  }
  // REQUIRES: not NULL and of that type (a bug otherwise).
  [[nodiscard]] std::int64_t integer(std::size_t column) const;
  [[nodiscard]] double real(std::size_t column) const;
  [[nodiscard]] const std::string& text(std::size_t column) const;
  [[nodiscard]] std::optional<std::string> maybe_text(std::size_t column) const;
  [[nodiscard]] std::optional<std::int64_t> maybe_integer(std::size_t column) const;
  [[nodiscard]] Timestamp time(std::size_t column) const { return from_unix_ms(integer(column)); }
  [[nodiscard]] std::optional<Timestamp> maybe_time(std::size_t column) const;

 private:
  std::vector<SqlValue> values_;
};
using Rows = std::vector<Row>;

// Errors of both calls: db.constraint (kind conflict), db.read_only, db.full, db.busy,
// db.permission, db.unavailable (kind unavailable), db.text (kind invalid: U+0000 or broken UTF-8,
// which PostgreSQL does not keep), db.too_big, db.corrupt, db.sql (a bug).
class Transaction {
 public:
  virtual ~Transaction() = default;
  [[nodiscard]] virtual Result<Rows> query(std::string_view sql, Params params = {}) = 0;
  // Rows changed.
  [[nodiscard]] virtual Result<std::int64_t> execute(std::string_view sql, Params params = {}) = 0;
  [[nodiscard]] virtual Dialect dialect() const = 0;

  // From the next statement to the transaction's end nobody else holds the lock of this name. Of
  // several, take them in one order everywhere. On SQLite writes are alone anyway.
  virtual void lock(std::string_view name) = 0;
  // Lets each further statement take `statement_time` and wait `lock_time` for a lock, instead of
  // what the settings say. For migrations; SQLite has no such limits.
  virtual void allow(milliseconds statement_time, milliseconds lock_time) = 0;

  // The only row, or nullopt.
  [[nodiscard]] Result<std::optional<Row>> query_one(std::string_view sql, Params params = {});

  // Part: Result<T>(). Runs it as a savepoint: when it fails it leaves no trace, and what came
  // before it in this transaction stays. Parts do not nest. Also errors of the savepoint itself,
  // after which the transaction is of no more use (db.unavailable when the engine rolled everything
  // back).
  template <class Part>
  [[nodiscard]] std::invoke_result_t<Part&> attempt(Part part) {
    if (auto begun = savepoint(Savepoint::begin); !begun) return std::unexpected(begun.error());
    std::invoke_result_t<Part&> outcome = part();
    const auto ended = savepoint(outcome ? Savepoint::keep : Savepoint::undo);
    if (!ended) return std::unexpected(ended.error());
    return outcome;
  }

 protected:
  enum class Savepoint { begin, keep, undo };
  [[nodiscard]] virtual Result<void> savepoint(Savepoint step) = 0;
};

class Database {
 public:
  virtual ~Database() = default;

  // Body: Result<T>(Transaction&). Commits when it succeeds, else rolls back and hands its error
  // on. Besides: db.commit_unknown (unavailable) when the connection broke while committing and the
  // outcome could not be found out; only then an error may stand for a commit.
  template <class Body>
  [[nodiscard, clang::coro_wrapper]] Task<std::invoke_result_t<Body&, Transaction&>> write(
      Body body) {
    return run(Access::write, std::move(body));
  }
  // A consistent snapshot; changing anything fails.
  template <class Body>
  [[nodiscard, clang::coro_wrapper]] Task<std::invoke_result_t<Body&, Transaction&>> read(
      Body body) {
    return run(Access::read, std::move(body));
  }

  // The same for callers without an event loop (CLI, tests); blocks the calling thread.
  template <class Body>
  [[nodiscard]] std::invoke_result_t<Body&, Transaction&> write_blocking(Body body);
  template <class Body>
  [[nodiscard]] std::invoke_result_t<Body&, Transaction&> read_blocking(Body body);

  [[nodiscard]] virtual Dialect dialect() const = 0;
  // A cheap round trip; the latency is the caller's to measure.
  [[nodiscard]] virtual Task<Result<void>> ping() = 0;

 protected:
  enum class Access { read, write };
  using ErasedBody = std::move_only_function<Result<void>(Transaction&)>;
  // Runs on the database's threads and calls `done` there, once, after the commit or the roll-back.
  virtual void submit(Access access, ErasedBody body,
                      std::move_only_function<void(Result<void>)> done) = 0;

 private:
  template <class Body>
  Task<std::invoke_result_t<Body&, Transaction&>> run(Access access, Body body);
  template <class Body>
  std::invoke_result_t<Body&, Transaction&> run_blocking(Access access, Body& body);
};

}  // namespace selvage::data

#include "data/detail/database_run.hpp"  // the template bodies
