// The Transaction that bodies see, on one PostgreSQL connection.
#pragma once

#include <optional>
#include <string>

#include "data/detail/commit_slot.hpp"
#include "data/detail/postgres_connection.hpp"

namespace selvage::data {

struct PostgresTimes {
  milliseconds statement{30'000};
  milliseconds lock{10'000};
  milliseconds grace{5'000};  // how much later than its own limits the server may answer
};

// BEGIN, the time-outs and locks wait for the first statement and go out with it, so a transaction
// costs a round trip for each statement and one for its end. Settings are those of the transaction:
// nothing is left behind in a pooler's connection.
class PostgresTransaction final : public Transaction {
 public:
  enum class Mode { read, write };

  PostgresTransaction(PostgresConnection& connection, Mode mode, const PostgresTimes& times);

  Result<Rows> query(std::string_view sql, Params params) override;
  Result<std::int64_t> execute(std::string_view sql, Params params) override;
  Dialect dialect() const override { return Dialect::postgres; }
  void lock(std::string_view name) override;
  void allow(milliseconds statement_time, milliseconds lock_time) override;

  // The statement that made the transaction void.
  [[nodiscard]] const std::optional<PostgresFailure>& failure() const { return failure_; }
  // Whether the database has the table of commit marks; known after the first statement.
  [[nodiscard]] bool can_be_marked() const { return can_be_marked_; }

  // With `mark`, when it can be marked. True: the mark was set. After a failure whose fate is
  // `lost` or `silent` nobody knows whether it was committed.
  [[nodiscard]] Attempt<bool> commit(const CommitMark& mark);
  // Without one.
  [[nodiscard]] Attempt<void> commit();
  void roll_back();

 protected:
  Result<void> savepoint(Savepoint step) override;

 private:
  // What is to go out before the next statement.
  void put_before(std::string sql, Params params = {});
  void note_failure(PostgresFailure failure);
  [[nodiscard]] Attempt<std::vector<PostgresAnswer>> end();
  [[nodiscard]] Result<PostgresAnswer> run(std::string_view sql, Params params);
  [[nodiscard]] milliseconds patience() const {
    return times_.statement + times_.lock + times_.grace;
  }

  PostgresConnection& connection_;
  const Mode mode_;
  PostgresTimes times_;
  std::vector<PostgresStatement> waiting_;  // for the next statement to go out with
  std::optional<std::size_t> part_at_;      // where among these is SAVEPOINT
  bool begun_ = false;
  bool in_part_ = false;  // the server has executed SAVEPOINT
  std::optional<PostgresFailure> failure_;
  bool can_be_marked_ = false;
};

}  // namespace selvage::data
