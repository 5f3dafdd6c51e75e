// Database: transactions on SQLite now, on PostgreSQL by the same interface.
//
// A transaction is a plain function over a Transaction; it runs on the database's own threads,
// never on an event loop, and may be run again when the engine asks for it (serialisation, busy),
// so it must touch nothing but its Transaction and what it returns. write() resumes only when the
// commit is durable; concurrent writes share one commit (group commit), yet each is atomic by
// itself: one that returns an error leaves no trace. SQL is the common subset; parameters are $1,
// $2, ...
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
// db.unavailable (kind unavailable), db.corrupt, db.sql (a bug).
class Transaction {
 public:
  virtual ~Transaction() = default;
  [[nodiscard]] virtual Result<Rows> query(std::string_view sql, Params params = {}) = 0;
  // Rows changed.
  [[nodiscard]] virtual Result<std::int64_t> execute(std::string_view sql, Params params = {}) = 0;
  [[nodiscard]] virtual Dialect dialect() const = 0;

  // The only row, or nullopt.
  [[nodiscard]] Result<std::optional<Row>> query_one(std::string_view sql, Params params = {});
};

class Database {
 public:
  virtual ~Database() = default;

  // Body: Result<T>(Transaction&). Commits when it succeeds, else rolls back and hands its error
  // on.
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
