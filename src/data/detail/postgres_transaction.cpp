#include "data/detail/postgres_transaction.hpp"

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/log.hpp"
#include "data/detail/postgres_values.hpp"
#include "data/detail/sql_text.hpp"

namespace selvage::data {

namespace {

constexpr milliseconds kRollBack{5'000};

// A snapshot for the whole body, as SQLite's readers have it.
constexpr std::string_view kBeginRead = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
// Not "READ WRITE", which would overrule a server that was set read-only.
constexpr std::string_view kBeginWrite = "BEGIN ISOLATION LEVEL READ COMMITTED";

constexpr std::string_view kSetTimes =
    "SELECT set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true),"
    " set_config('idle_in_transaction_session_timeout', $1, true)";
// Besides, a commit must be on disk before it is confirmed, whatever the role's default is.
constexpr std::string_view kSetUpWrite =
    "SELECT to_regclass('commit_marks') IS NOT NULL, set_config('statement_timeout', $1, true),"
    " set_config('lock_timeout', $2, true),"
    " set_config('idle_in_transaction_session_timeout', $1, true),"
    " CASE current_setting('synchronous_commit')"
    "  WHEN 'off' THEN set_config('synchronous_commit', 'on', true) END";

Params times_of(milliseconds statement, milliseconds lock) {
  return {fmt::format("{}", statement.count()), fmt::format("{}", lock.count())};
}

std::unexpected<Error> misuse(std::string_view what, std::string_view sql) {
  return fail(ErrorKind::internal, "db.sql", fmt::format("{}: {:.200}", what, sql));
}

}  // namespace

PostgresTransaction::PostgresTransaction(PostgresConnection& connection, Mode mode,
                                         const PostgresTimes& times)
    : connection_(connection), mode_(mode), times_(times) {
  const bool writes = mode == Mode::write;
  waiting_.push_back({std::string(writes ? kBeginWrite : kBeginRead), {}});
  waiting_.push_back(
      {std::string(writes ? kSetUpWrite : kSetTimes), times_of(times.statement, times.lock)});
}

Result<Rows> PostgresTransaction::query(std::string_view sql, Params params) {
  return TRY(run(sql, std::move(params))).rows;
}

Result<std::int64_t> PostgresTransaction::execute(std::string_view sql, Params params) {
  return TRY(run(sql, std::move(params))).changed;
}

void PostgresTransaction::put_before(std::string sql, Params params) {
  waiting_.push_back({std::move(sql), std::move(params)});
}

void PostgresTransaction::lock(std::string_view name) {
  // A number out of the name, the same in every process and version.
  const std::string hash = sha256_hex(name).substr(0, 16);
  put_before("SELECT pg_advisory_xact_lock($1)",
             {static_cast<std::int64_t>(std::stoull(hash, nullptr, 16))});
}

void PostgresTransaction::allow(milliseconds statement_time, milliseconds lock_time) {
  times_.statement = statement_time;
  times_.lock = lock_time;
  put_before(std::string(kSetTimes), times_of(statement_time, lock_time));
}

Result<void> PostgresTransaction::savepoint(Savepoint step) {
  switch (step) {
    case Savepoint::begin:
      if (failure_) return std::unexpected(failure_->error);
      part_at_ = waiting_.size();
      put_before("SAVEPOINT part");
      return {};
    case Savepoint::keep:
      if (failure_) return std::unexpected(failure_->error);
      put_before("RELEASE SAVEPOINT part");
      break;
    case Savepoint::undo:
      // A conflict concerns the whole transaction, and a lost connection even more.
      if (failure_ && (failure_->fate != Fate::refused || !in_part_)) {
        return std::unexpected(failure_->error);
      }
      failure_.reset();
      put_before("ROLLBACK TO SAVEPOINT part");
      put_before("RELEASE SAVEPOINT part");
      break;
  }
  in_part_ = false;
  return {};
}

void PostgresTransaction::note_failure(PostgresFailure failure) {
  begun_ = begun_ || failure.statement > 0;
  in_part_ = part_at_ ? failure.statement > *part_at_ : in_part_;
  failure_ = std::move(failure);
}

Result<PostgresAnswer> PostgresTransaction::run(std::string_view sql, Params params) {
  if (failure_) return std::unexpected(failure_->error);
  if (controls_transaction(sql)) {
    return misuse("a body must leave transaction control and settings to the database", sql);
  }
  TRY(check_texts(params));
  put_before(std::string(sql), std::move(params));
  Attempt<std::vector<PostgresAnswer>> answers = connection_.round_trip(waiting_, patience());
  waiting_.clear();
  if (!answers) {
    note_failure(std::move(answers.error()));
    if (mode_ == Mode::read && failure_->error.code == "db.read_only") {
      failure_->error = misuse("a read transaction must change nothing", sql).error();
    }
    part_at_.reset();
    return std::unexpected(failure_->error);
  }
  if (!begun_ && mode_ == Mode::write) {
    can_be_marked_ = (*answers)[1].rows.at(0).integer(0) != 0;
  }
  begun_ = true;
  if (part_at_) in_part_ = true;
  part_at_.reset();
  return std::move(answers->back());
}

Attempt<bool> PostgresTransaction::commit(const CommitMark& mark) {
  if (!begun_) return false;
  const std::size_t mark_at = waiting_.size();  // behind the end of a part that was undone
  if (can_be_marked_) {
    waiting_.push_back(set_mark(mark));
    if (mark.before == 0) waiting_.push_back(sweep_marks());
  }
  const Attempt<std::vector<PostgresAnswer>> answers = end();
  if (!answers) return std::unexpected(answers.error());
  return can_be_marked_ && (*answers)[mark_at].changed == 1;
}

Attempt<void> PostgresTransaction::commit() {
  if (!begun_) return {};
  if (auto answers = end(); !answers) return std::unexpected(answers.error());
  return {};
}

Attempt<std::vector<PostgresAnswer>> PostgresTransaction::end() {
  put_before("COMMIT");
  auto answers = connection_.round_trip(waiting_, patience());
  if (!answers || answers->back().tag == "COMMIT") return answers;
  return std::unexpected(PostgresFailure{
      Fate::refused,
      {ErrorKind::internal, "db.sql", "the transaction was void before its end", {}, nullptr},
      0});
}

void PostgresTransaction::roll_back() {
  if (!connection_.usable() || !connection_.in_transaction()) return;
  const PostgresStatement statement{"ROLLBACK", {}};
  const auto answers = connection_.round_trip({&statement, 1}, kRollBack);
  if (answers) return;
  connection_.give_up();  // the server rolls back when the connection is gone
  log::warning("database_rollback_failed", answers.error().error);
}

}  // namespace selvage::data
