#include "sizing/estimate_table.hpp"

namespace selvage::sizing {

Result<bool> begin_estimate(data::Transaction& tx, const std::string& id,
                            const std::string& owner) {
  return TRY(tx.execute("INSERT INTO size_estimates (id, owner, created_at) VALUES ($1, $2, $3) "
                        "ON CONFLICT (id) DO NOTHING",
                        {id, owner, data::sql(now())})) > 0;
}

Result<bool> finish_estimate(data::Transaction& tx, const std::string& id,
                             const Result<std::string>& answer) {
  const data::SqlValue time = data::sql(now());
  if (answer) {
    return TRY(tx.execute("UPDATE size_estimates SET answer = $1, finished_at = $2 WHERE id = $3 "
                          "AND finished_at IS NULL",
                          {*answer, time, id})) > 0;
  }
  const Error& error = answer.error();
  return TRY(tx.execute("UPDATE size_estimates SET error_code = $1, error_message = $2, "
                        "error_hint = $3, finished_at = $4 WHERE id = $5 AND finished_at IS NULL",
                        {error.code, error.message, error.hint, time, id})) > 0;
}

Result<std::optional<SizeEstimate>> find_estimate(data::Transaction& tx, const std::string& id) {
  const auto row =
      TRY(tx.query_one("SELECT id, owner, answer, error_code, error_message, error_hint, "
                       "created_at, finished_at FROM size_estimates WHERE id = $1",
                       {id}));
  if (!row) return std::nullopt;
  SizeEstimate estimate{.id = row->text(0),
                        .owner = row->text(1),
                        .answer = row->maybe_text(2),
                        .error = std::nullopt,
                        .created_at = row->time(6),
                        .finished_at = row->maybe_time(7)};
  if (!row->is_null(3)) {
    estimate.error = Error{ErrorKind::unprocessable, row->text(3), row->maybe_text(4).value_or(""),
                           row->maybe_text(5).value_or(""), nullptr};
  }
  return estimate;
}

Result<bool> drop_estimate(data::Transaction& tx, const std::string& id) {
  const Result<std::string> cancelled = fail(ErrorKind::unprocessable, "sizing.cancelled",
                                             "the estimate was deleted while it waited");
  if (TRY(finish_estimate(tx, id, cancelled))) return true;
  return TRY(tx.execute("DELETE FROM size_estimates WHERE id = $1", {id})) > 0;
}

Result<std::int64_t> forget_estimates(data::Transaction& tx, Timestamp time) {
  return tx.execute("DELETE FROM size_estimates WHERE created_at < $1", {data::sql(time)});
}

}  // namespace selvage::sizing
