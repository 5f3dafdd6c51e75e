#include <fmt/format.h>

#include <charconv>

#include "data/detail/sql_text.hpp"
#include "data/detail/sqlite_connection.hpp"
#include "data/detail/sqlite_error.hpp"

namespace selvage::data {

namespace {

std::unexpected<Error> sql_bug(std::string what, std::string_view sql) {
  return fail(ErrorKind::internal, "db.sql", fmt::format("{}, in: {:.200}", what, sql));
}

// "$12" -> 12; 0 for any other spelling.
std::size_t parameter_number(const char* name) {
  if (name == nullptr || name[0] != '$') return 0;
  const std::string_view digits(name + 1);
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), number);
  return error == std::errc() && end == digits.end() ? number : 0;
}

}  // namespace

Result<std::unique_ptr<SqliteStatement>> SqliteStatement::prepare(sqlite3* db,
                                                                  const std::filesystem::path& file,
                                                                  std::string_view sql,
                                                                  bool control) {
  if (!control && controls_transaction(sql)) {
    return sql_bug("a body must leave transaction control to the database", sql);
  }
  sqlite3_stmt* handle = nullptr;
  const char* tail = nullptr;
  const int code = sqlite3_prepare_v3(db, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &handle, &tail);
  if (code != SQLITE_OK) return std::unexpected(sqlite_error(db, code, file, sql));
  if (handle == nullptr) return sql_bug("there is no statement", sql);
  std::unique_ptr<SqliteStatement> statement(new SqliteStatement(handle));
  if (!is_blank(sql.substr(static_cast<std::size_t>(tail - sql.data())))) {
    return sql_bug("there is more than one statement", sql);
  }
  TRY(statement->map_parameters());
  statement->changes_nothing_ = sqlite3_stmt_readonly(handle) != 0;
  statement->is_control_ = control;
  return statement;
}

Result<void> SqliteStatement::map_parameters() {
  // SQLite takes "$3" for a name and numbers names in the order it meets them.
  const int count = sqlite3_bind_parameter_count(handle_);
  sources_.reserve(static_cast<std::size_t>(count));
  for (int index = 1; index <= count; ++index) {
    const std::size_t number = parameter_number(sqlite3_bind_parameter_name(handle_, index));
    if (number == 0) return sql_bug("parameters are written $1, $2, ...", sql());
    sources_.push_back(number - 1);
    wanted_ = std::max(wanted_, number);
  }
  return {};
}

Result<void> SqliteStatement::bind(const Params& params) {
  if (params.size() != wanted_) {
    return sql_bug(fmt::format("{} parameters are needed, {} were given", wanted_, params.size()),
                   sql());
  }
  int code = SQLITE_OK;
  int index = 0;
  for (const std::size_t source : sources_) {
    const SqlValue& value = params[source];
    ++index;
    if (const auto* text = std::get_if<std::string>(&value)) {
      code = sqlite3_bind_text64(handle_, index, text->data(), text->size(), SQLITE_STATIC,
                                 SQLITE_UTF8);
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      code = sqlite3_bind_int64(handle_, index, *integer);
    } else if (const auto* real = std::get_if<double>(&value)) {
      code = sqlite3_bind_double(handle_, index, *real);
    } else {
      code = sqlite3_bind_null(handle_, index);
    }
    if (code != SQLITE_OK) {
      return std::unexpected(sqlite_error(nullptr, code, {}, sql()));
    }
  }
  return {};
}

Row SqliteStatement::row() const {
  const int count = sqlite3_column_count(handle_);
  std::vector<SqlValue> values;
  values.reserve(static_cast<std::size_t>(count));
  for (int column = 0; column < count; ++column) {
    switch (sqlite3_column_type(handle_, column)) {
      case SQLITE_NULL:
        values.emplace_back();
        break;
      case SQLITE_INTEGER:
        values.emplace_back(sqlite3_column_int64(handle_, column));
        break;
      case SQLITE_FLOAT:
        values.emplace_back(sqlite3_column_double(handle_, column));
        break;
      default: {  // text, and blobs as the bytes they are
        const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle_, column));
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
        values.emplace_back(bytes != nullptr ? std::string(bytes, size) : std::string());
      }
    }
  }
  return Row(std::move(values));
}

void SqliteStatement::reset() {
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);  // they point into the caller's parameters
}

}  // namespace selvage::data
