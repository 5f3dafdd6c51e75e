// What a SQLite result code means to an operator.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/error.hpp"

struct sqlite3;

namespace selvage::data {

// The Error for the failed call whose result was `code`. `sql` is the statement's text or empty;
// parameter values never appear. `db` may be null.
[[nodiscard]] Error sqlite_error(sqlite3* db, int code, const std::filesystem::path& file,
                                 std::string_view sql);

}  // namespace selvage::data
