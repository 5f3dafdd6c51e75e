#include "data/detail/postgres_failure.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace selvage::data {

namespace {

constexpr std::size_t kMaxSqlInError = 200;
constexpr std::size_t kMaxSaid = 500;

// The first row whose `state` begins the SQLSTATE decides. An empty code: db.sql.
struct StateRow {
  std::string_view state;
  Fate fate;
  ErrorKind kind;
  std::string_view code;
  std::string_view hint;
};

constexpr std::string_view kTryAgain = "try again";
constexpr std::string_view kTooLong =
    "try again; if it lasts, look in pg_stat_activity for who holds the lock or why it is slow, or "
    "raise DATABASE_LOCK_TIMEOUT or DATABASE_STATEMENT_TIMEOUT";

constexpr StateRow kStates[] = {
    {"40001", Fate::conflict, ErrorKind::unavailable, "db.busy", kTryAgain},
    {"40P01", Fate::conflict, ErrorKind::unavailable, "db.busy", kTryAgain},
    {"55P03", Fate::refused, ErrorKind::unavailable, "db.busy", kTooLong},
    {"57014", Fate::refused, ErrorKind::unavailable, "db.busy", kTooLong},
    {"23", Fate::refused, ErrorKind::conflict, "db.constraint", ""},
    {"P0001", Fate::refused, ErrorKind::conflict, "db.constraint", ""},  // a trigger refuses
    {"25006", Fate::refused, ErrorKind::unavailable, "db.read_only",
     "the server is a standby, or was set read-only (a provider does that when the disk is full): "
     "connect to the primary (target_session_attrs=read-write in the URL), or free space"},
    {"53100", Fate::refused, ErrorKind::unavailable, "db.full",
     "free space on the server's disk; nothing that was confirmed is lost"},
    {"53", Fate::refused, ErrorKind::unavailable, "db.unavailable", kTryAgain},
    {"57P", Fate::refused, ErrorKind::unavailable, "db.unavailable", kTryAgain},
    {"58", Fate::refused, ErrorKind::unavailable, "db.unavailable", "look into the server's log"},
    {"08P01", Fate::refused, ErrorKind::internal, "", ""},  // a wrong number of parameters
    {"08", Fate::refused, ErrorKind::unavailable, "db.unavailable", kTryAgain},
    {"42501", Fate::refused, ErrorKind::unavailable, "db.permission",
     "give the role of DATABASE_URL the right on the table or schema (GRANT), or connect as the "
     "role that owns it"},
    {"22021", Fate::refused, ErrorKind::invalid, "db.text", ""},
    {"54000", Fate::refused, ErrorKind::too_large, "db.too_big", ""},
    {"XX001", Fate::refused, ErrorKind::internal, "db.corrupt", "restore the latest backup"},
    {"XX002", Fate::refused, ErrorKind::internal, "db.corrupt",
     "rebuild the index (REINDEX), or restore the latest backup"},
    {"22", Fate::refused, ErrorKind::internal, "", ""},
    {"", Fate::refused, ErrorKind::internal, "", ""},
};

std::string_view field(const PGresult* result, int code) {
  const char* const text = PQresultErrorField(result, code);
  return text != nullptr ? text : "";
}

std::string shortened(std::string_view text, std::size_t most) {
  text = trim(text);
  if (text.size() <= most) return std::string(text);
  return std::string(text.substr(0, most)) + "...";
}

// Position of "XXXXX: " behind a severity, as in "FATAL:  28P01: no password supplied".
std::size_t find_state(std::string_view line) {
  constexpr std::size_t kLength = 5;
  for (std::size_t at = line.find(":  "); at != std::string_view::npos;
       at = line.find(":  ", at + 1)) {
    const std::string_view state = line.substr(at + 3, kLength + 2);
    const bool found = state.size() == kLength + 2 && state.ends_with(": ") &&
                       std::ranges::all_of(state.substr(0, kLength), [](char c) {
                         return is_digit(c) || (c >= 'A' && c <= 'Z');
                       });
    if (found) return at + 3;
  }
  return std::string_view::npos;
}

struct Said {
  std::string text;   // for people
  std::string state;  // the last SQLSTATE in it, or empty
};

// One line for each host that was tried; what PostgreSQL's sources say of themselves goes.
Said read_said(std::string_view said) {
  Said read;
  for (std::string_view line : split(said, '\n')) {
    line = trim(line);
    if (line.empty() || line.starts_with("LOCATION:")) continue;
    std::string text(line);
    if (const std::size_t at = find_state(line); at != std::string_view::npos) {
      read.state = line.substr(at, 5);
      const std::size_t severity = line.rfind(' ', at - 3);
      const std::size_t start = severity == std::string_view::npos ? 0 : severity + 1;
      text = fmt::format("{}{} ({})", line.substr(0, start), line.substr(at + 7), read.state);
    }
    read.text += (read.text.empty() ? "" : "; ") + text;
  }
  read.text = shortened(read.text, kMaxSaid);
  return read;
}

bool speaks_of_tls(std::string_view text) {
  if (text.contains("SYSCALL") || text.contains("server closed")) return false;  // it went away
  return std::ranges::any_of(
      std::initializer_list<std::string_view>{"SSL", "certificate", "no encryption", "TLS"},
      [&](std::string_view word) { return text.contains(word); });
}

}  // namespace

PostgresFailure failure_of(const PGresult* result, std::string_view sql) {
  const std::string_view state = field(result, PG_DIAG_SQLSTATE);
  const std::string_view severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  const bool fatal = severity == "FATAL" || severity == "PANIC";
  std::string said(field(result, PG_DIAG_MESSAGE_PRIMARY));
  if (said.empty()) said = trim(PQresultErrorMessage(result));
  if (fatal || state.empty()) {
    return {Fate::lost,
            {ErrorKind::unavailable, "db.unavailable",
             fmt::format("PostgreSQL ended the connection: {}", shortened(said, kMaxSaid)),
             std::string(kTryAgain), nullptr},
            0};
  }
  const StateRow& row =
      *std::ranges::find_if(kStates, [&](const StateRow& r) { return state.starts_with(r.state); });
  // Class 22 quotes the value that does not fit.
  if (row.state == "22") said = "a value does not fit";
  std::string message = fmt::format("{} ({})", shortened(said, kMaxSaid), state);
  if (row.code.empty()) message += ", in: " + shortened(sql, kMaxSqlInError);
  return {row.fate,
          {row.kind, std::string(row.code.empty() ? "db.sql" : row.code), std::move(message),
           std::string(row.hint), nullptr},
          0};
}

PostgresFailure connection_lost(std::string_view said, const PostgresTarget& target) {
  const Said read = read_said(without_password(std::string(said), target));
  return {Fate::lost,
          {ErrorKind::unavailable, "db.unavailable",
           fmt::format("the connection to the database {} broke: {}", target.shown,
                       read.text.empty() ? "closed by the other side" : read.text),
           std::string(kTryAgain), nullptr},
          0};
}

PostgresFailure no_answer(milliseconds waited, const PostgresTarget& target) {
  return {Fate::silent,
          {ErrorKind::unavailable, "db.unavailable",
           fmt::format("the database {} has not answered for {}", target.shown, to_string(waited)),
           "look whether the server is alive and the network between is; then try again", nullptr},
          0};
}

ConnectFailure connect_failure(std::string_view said, const PostgresTarget& target) {
  const Said read = read_said(without_password(std::string(said), target));
  const auto failure = [&](bool lasting, std::string_view code, std::string_view hint) {
    return ConnectFailure{
        lasting,
        {ErrorKind::unavailable, std::string(code),
         fmt::format("no connection to the database {}: {}", target.shown, read.text),
         std::string(hint), nullptr}};
  };
  const bool no_such = read.state == "3D000" || read.text.contains("no such database") ||
                       read.text.contains("no such user");
  if (speaks_of_tls(read.text)) {
    return failure(true, "db.tls",
                   "set sslmode in DATABASE_URL as the server wants it (require, or verify-full "
                   "with sslrootcert)");
  }
  if (read.state.starts_with("28") || read.text.contains("no password supplied")) {
    return failure(true, "db.auth",
                   "check user and password in DATABASE_URL (or PGPASSFILE), and the server's "
                   "pg_hba.conf");
  }
  if (no_such) return failure(true, "db.open", "check the name in DATABASE_URL, or create it");
  const bool full = read.state == "53300" || read.text.contains("no more connections") ||
                    read.text.contains("client connections reached");  // poolers' words
  if (full) {
    return failure(false, "db.unavailable",
                   "the server has no connection left: lower DATABASE_CONNECTIONS, put a pooler in "
                   "between, or raise max_connections");
  }
  if (read.state == "57P03") {
    return failure(false, "db.unavailable", "the server is starting or stopping; try again");
  }
  return failure(false, "db.unavailable",
                 "check host and port in DATABASE_URL, that the server runs, and that the network "
                 "lets this machine through");
}

}  // namespace selvage::data
