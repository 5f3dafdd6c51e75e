// What PostgreSQL's refusals mean: to the caller, and to the transaction they happened in.
#pragma once

#include <libpq-fe.h>

#include <expected>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "data/detail/postgres_target.hpp"

namespace selvage::data {

enum class Fate {
  refused,   // the transaction is void, the connection is good
  conflict,  // as refused, and the same again may succeed: serialisation, deadlock
  lost,      // the connection is gone
  silent,    // the server did not answer in time; the connection was given up
};

struct PostgresFailure {
  Fate fate = Fate::refused;
  Error error;
  std::size_t statement = 0;  // of those that were sent together: which
};
template <class T>
using Attempt = std::expected<T, PostgresFailure>;

// The failure that `result` holds; `sql` is the statement's text. Values of parameters do not
// appear in the error.
[[nodiscard]] PostgresFailure failure_of(const PGresult* result, std::string_view sql);

[[nodiscard]] PostgresFailure connection_lost(std::string_view said, const PostgresTarget& target);
[[nodiscard]] PostgresFailure no_answer(milliseconds waited, const PostgresTarget& target);

// Why there is no connection; `said` is libpq's message in its verbose form.
struct ConnectFailure {
  bool lasting = false;  // waiting will not help: password, database name, TLS
  Error error;
};
[[nodiscard]] ConnectFailure connect_failure(std::string_view said, const PostgresTarget& target);

}  // namespace selvage::data
