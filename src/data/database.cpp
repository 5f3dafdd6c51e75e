#include "data/database.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace selvage::data {

namespace {

std::string_view type_name(const SqlValue& value) {
  switch (value.index()) {
    case 0:
      return "NULL";
    case 1:
      return "an integer";
    case 2:
      return "a real number";
    default:
      return "text";
  }
}

// Thrown, not returned: the SELECT and the code that reads its columns disagree, which only a bug
// can cause. Inside a body it becomes db.body_threw.
[[noreturn]] void throw_wrong_type(std::size_t column, const SqlValue& value,
                                   std::string_view wanted) {
  throw std::logic_error(
      fmt::format("column {} of the row is {}, not {}", column, type_name(value), wanted));
}

}  // namespace

std::int64_t Row::integer(std::size_t column) const {
  const SqlValue& value = values_.at(column);
  if (const auto* found = std::get_if<std::int64_t>(&value)) return *found;
  throw_wrong_type(column, value, "an integer");
}

double Row::real(std::size_t column) const {
  const SqlValue& value = values_.at(column);
  if (const auto* found = std::get_if<double>(&value)) return *found;
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  throw_wrong_type(column, value, "a real number");
}

const std::string& Row::text(std::size_t column) const {
  const SqlValue& value = values_.at(column);
  if (const auto* found = std::get_if<std::string>(&value)) return *found;
  throw_wrong_type(column, value, "text");
}

std::optional<std::string> Row::maybe_text(std::size_t column) const {
  if (is_null(column)) return std::nullopt;
  return text(column);
}

std::optional<std::int64_t> Row::maybe_integer(std::size_t column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}

std::optional<Timestamp> Row::maybe_time(std::size_t column) const {
  if (is_null(column)) return std::nullopt;
  return time(column);
}

Result<std::optional<Row>> Transaction::query_one(std::string_view sql, Params params) {
  Rows rows = TRY(query(sql, std::move(params)));
  if (rows.empty()) return std::nullopt;
  if (rows.size() > 1) {
    return fail(ErrorKind::internal, "db.sql",
                fmt::format("a query that must give one row gave {}: {}", rows.size(), sql));
  }
  return std::move(rows.front());
}

}  // namespace selvage::data
