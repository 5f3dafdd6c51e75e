// Values on their way to libpq and back, as text.
#pragma once

#include <libpq-fe.h>

#include <span>
#include <string>
#include <vector>

#include "data/database.hpp"

namespace selvage::data {

// Errors: db.text (invalid) for what PostgreSQL cannot keep: U+0000, broken UTF-8.
[[nodiscard]] Result<void> check_texts(const Params& params);

// The arrays that PQsendQueryParams() wants; they point into `params`, which must stay. Integers
// are bigint, reals double precision, texts text; of a NULL the server finds out by where it
// stands.
class PostgresParams {
 public:
  // Errors: as check_texts().
  [[nodiscard]] static Result<PostgresParams> encode(const Params& params);

  [[nodiscard]] int count() const { return static_cast<int>(types_.size()); }
  [[nodiscard]] const Oid* types() const { return types_.data(); }
  [[nodiscard]] const char* const* values() const { return values_.data(); }

 private:
  std::vector<std::string> numbers_;
  std::vector<Oid> types_;
  std::vector<const char*> values_;
};

// What a column of type `type` holds. Booleans are 1 and 0; numeric is an integer when it is one,
// as SUM() of integers is in SQLite.
[[nodiscard]] SqlValue read_value(Oid type, std::string_view text);

// REQUIRES: `row` is a row of `result`.
[[nodiscard]] Row read_row(const PGresult* result, int row);

}  // namespace selvage::data
