// Where DATABASE_URL=postgres:// points: read by libpq's own rules, so that every parameter works
// that libpq knows, and PGPASSFILE, PGSSLROOTCERT and the other variables, too.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace selvage::data {

struct PostgresTarget {
  Secret url;         // for libpq alone
  Secret password;    // as libpq reads it; empty when a file or a variable has it
  std::string shown;  // "shop on db.example:5432 as app", for messages
  std::size_t hosts = 1;
};

// `url` begins with postgres:// or postgresql://, in any case. Errors: settings.database_url; the
// message never holds a part of the password, however badly it is written.
[[nodiscard]] Result<PostgresTarget> parse_postgres_url(std::string_view url);

// `text` without the password, should it hold it.
[[nodiscard]] std::string without_password(std::string text, const PostgresTarget& target);

}  // namespace selvage::data
