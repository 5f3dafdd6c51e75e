#include "data/detail/postgres_connection.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <poll.h>

#include <cerrno>

#include "base/log.hpp"
#include "base/text.hpp"
#include "data/detail/postgres_values.hpp"
#include "data/detail/result_limits.hpp"

namespace selvage::data {

namespace {

// Before the URL, so that it may say otherwise: a peer that is gone is noticed within half a
// minute, data that nobody acknowledges within ten seconds (which also bounds each TCP connect).
constexpr const char* kDefaultKeys[] = {"keepalives_idle", "keepalives_interval",
                                        "keepalives_count", "tcp_user_timeout",
                                        "fallback_application_name"};
constexpr const char* kDefaultValues[] = {"10", "5", "3", "10000", "selvage"};

// At most `milliseconds` for a descriptor; true when something has happened on it.
bool wait_on(int descriptor, short events, milliseconds at_most) {
  pollfd ready{descriptor, events, 0};
  const auto longest = std::min<std::int64_t>(at_most.count(), 60'000);
  return ::poll(&ready, 1, static_cast<int>(longest)) > 0;
}

bool counts_changes(std::string_view tag) {
  return tag.starts_with("INSERT") || tag.starts_with("UPDATE") || tag.starts_with("DELETE") ||
         tag.starts_with("MERGE");
}

std::int64_t changed_rows(PGresult* result) {
  if (!counts_changes(PQcmdStatus(result))) return 0;
  return std::strtoll(PQcmdTuples(result), nullptr, 10);
}

}  // namespace

// What has arrived of one round trip.
struct PostgresConnection::Reception {
  explicit Reception(std::span<const PostgresStatement> all)
      : statements(all), answers(all.size()) {}

  std::span<const PostgresStatement> statements;
  std::vector<PostgresAnswer> answers;
  std::size_t current = 0;
  std::size_t bytes = 0;
  std::optional<PostgresFailure> failure;
  bool synced = false;

  [[nodiscard]] std::string_view sql() const {
    return current < statements.size() ? std::string_view(statements[current].sql) : "";
  }
  // False when there is more than fits.
  bool take(PGresult* result) {
    switch (PQresultStatus(result)) {
      case PGRES_SINGLE_TUPLE:
        return take_row(result);
      case PGRES_TUPLES_OK:
      case PGRES_COMMAND_OK:
        if (current < answers.size()) {
          answers[current].changed = changed_rows(result);
          answers[current].tag = PQcmdStatus(result);
        }
        return true;
      case PGRES_PIPELINE_SYNC:
        synced = true;
        return true;
      case PGRES_PIPELINE_ABORTED:
        return true;
      case PGRES_EMPTY_QUERY:
        refuse("there is no statement");
        return true;
      case PGRES_FATAL_ERROR:
      case PGRES_BAD_RESPONSE:
      case PGRES_NONFATAL_ERROR:
        if (!failure) fail_with(failure_of(result, sql()));
        return true;
      case PGRES_COPY_OUT:
      case PGRES_COPY_IN:
      case PGRES_COPY_BOTH:
        refuse("COPY is no part of the common SQL");
        return false;
    }
    return true;
  }
  bool take_row(PGresult* result) {
    if (current >= answers.size()) return false;
    Rows& rows = answers[current].rows;
    for (int column = 0; column < PQnfields(result); ++column) {
      bytes += static_cast<std::size_t>(PQgetlength(result, 0, column));
    }
    if (rows.size() >= kMaxRows || bytes > kMaxValueBytes) {
      refuse(fmt::format("a query gives more than {} rows or {} bytes; it lacks a LIMIT", kMaxRows,
                         kMaxValueBytes));
      return false;
    }
    rows.push_back(read_row(result, 0));
    return true;
  }
  void refuse(std::string_view what) {
    if (failure) return;
    fail_with(
        {Fate::refused,
         {ErrorKind::internal, "db.sql", fmt::format("{}: {:.200}", what, sql()), {}, nullptr},
         0});
  }
  void fail_with(PostgresFailure why) {
    why.statement = current;
    failure = std::move(why);
  }
};

std::expected<std::unique_ptr<PostgresConnection>, ConnectFailure> PostgresConnection::open(
    const PostgresTarget& target, milliseconds at_most) {
  std::vector<const char*> keys(std::begin(kDefaultKeys), std::end(kDefaultKeys));
  std::vector<const char*> values(std::begin(kDefaultValues), std::end(kDefaultValues));
  keys.insert(keys.end(), {"dbname", "client_encoding", nullptr});
  values.insert(values.end(), {target.url.reveal().c_str(), "UTF8", nullptr});
  std::unique_ptr<PostgresConnection> connection(new PostgresConnection(
      target, PQconnectStartParams(keys.data(), values.data(), /*expand_dbname=*/1)));
  PGconn* const handle = connection->handle_.get();
  if (handle == nullptr) return std::unexpected(connect_failure("out of memory", target));
  // The message must tell the SQLSTATE, since its words may be in any language.
  PQsetErrorVerbosity(handle, PQERRORS_VERBOSE);
  PQsetNoticeReceiver(handle, &hear, connection.get());
  const bool in_time =
      connection->shake_hands(Deadline::after(at_most * static_cast<std::int64_t>(target.hosts)));
  if (!in_time) {
    return std::unexpected(
        connect_failure(fmt::format("no answer within {}", to_string(at_most)), target));
  }
  if (PQstatus(handle) != CONNECTION_OK) {
    return std::unexpected(connect_failure(PQerrorMessage(handle), target));
  }
  if (PQsetnonblocking(handle, 1) != 0 || PQenterPipelineMode(handle) != 1) {
    return std::unexpected(connect_failure(PQerrorMessage(handle), target));
  }
  return connection;
}

// What the server says unasked. Its farewell to an idle connection comes before the end of it.
void PostgresConnection::hear(void* self, const PGresult* notice) {
  const char* const severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
  const char* const message = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
  log::debug("database_notice", {{"message", message != nullptr ? message : ""}});
  if (severity != nullptr &&
      (std::string_view(severity) == "FATAL" || std::string_view(severity) == "PANIC")) {
    static_cast<PostgresConnection*>(self)->give_up();
  }
}

bool PostgresConnection::shake_hands(Deadline deadline) {
  PGconn* const handle = handle_.get();
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  if (PQstatus(handle) == CONNECTION_BAD) return true;
  while (status != PGRES_POLLING_OK && status != PGRES_POLLING_FAILED) {
    const short events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    while (!wait_on(PQsocket(handle), events, deadline.left())) {
      if (deadline.passed()) return false;
    }
    status = PQconnectPoll(handle);
  }
  return true;
}

bool PostgresConnection::is_local() const {
  const char* const host = PQhost(handle_.get());
  const char* const address = PQhostaddr(handle_.get());
  if (host == nullptr || *host == '\0' || *host == '/' || *host == '@') return true;
  const std::string_view at = address != nullptr && *address != '\0' ? address : host;
  return at.starts_with("127.") || at == "::1" || at == "localhost";
}

bool PostgresConnection::in_transaction() const {
  const PGTransactionStatusType status = PQtransactionStatus(handle_.get());
  return status == PQTRANS_INTRANS || status == PQTRANS_INERROR || status == PQTRANS_ACTIVE;
}

bool PostgresConnection::usable() {
  PGconn* const handle = handle_.get();
  // Whatever arrives unasked is a notice, or the server's farewell and the end.
  for (int i = 0; i < 3 && !given_up_ && PQstatus(handle) == CONNECTION_OK; ++i) {
    if (!wait_on(PQsocket(handle), POLLIN, milliseconds(0))) return true;
    if (PQconsumeInput(handle) == 0) break;
    (void)PQisBusy(handle);  // parses what was read
  }
  return !given_up_ && PQstatus(handle) == CONNECTION_OK;
}

PostgresFailure PostgresConnection::lost() {
  give_up();
  PGconn* const handle = handle_.get();
  // The server's last words say more than the end of the connection. They may be still to be read.
  constexpr milliseconds kFarewell{100};
  if (PQstatus(handle) == CONNECTION_OK && wait_on(PQsocket(handle), POLLIN, kFarewell)) {
    (void)PQconsumeInput(handle);
  }
  const bool can_ask = PQstatus(handle) != CONNECTION_OK || PQisBusy(handle) == 0;
  if (const ResultHandle last(can_ask ? PQgetResult(handle) : nullptr); last != nullptr) {
    if (PQresultErrorField(last.get(), PG_DIAG_SQLSTATE) != nullptr) {
      PostgresFailure failure = failure_of(last.get(), "");
      failure.fate = Fate::lost;
      return failure;
    }
  }
  return connection_lost(PQerrorMessage(handle), target_);
}

Attempt<std::vector<PostgresAnswer>> PostgresConnection::round_trip(
    std::span<const PostgresStatement> statements, milliseconds at_most) {
  Reception reception(statements);
  if (Attempt<void> sent = send(statements); !sent) return std::unexpected(std::move(sent.error()));
  const Attempt<void> received = receive(reception, at_most);
  if (received && !reception.failure) return std::move(reception.answers);
  if (!reception.failure) return std::unexpected(received.error());
  // A failure before the end of the connection is its reason.
  const bool gone = !received || reception.failure->fate == Fate::lost ||
                    PQstatus(handle_.get()) != CONNECTION_OK;
  if (gone) {
    give_up();
    reception.failure->fate = Fate::lost;
  }
  return std::unexpected(std::move(*reception.failure));
}

Attempt<void> PostgresConnection::send(std::span<const PostgresStatement> statements) {
  std::vector<PostgresParams> encoded;
  for (const PostgresStatement& statement : statements) {
    Result<PostgresParams> params = PostgresParams::encode(statement.params);
    if (!params)
      return std::unexpected(PostgresFailure{Fate::refused, std::move(params.error()), 0});
    encoded.push_back(std::move(*params));
  }
  for (std::size_t i = 0; i < statements.size(); ++i) {
    const int sent = PQsendQueryParams(handle_.get(), statements[i].sql.c_str(), encoded[i].count(),
                                       encoded[i].types(), encoded[i].values(), nullptr, nullptr,
                                       /*resultFormat=*/0);
    if (sent == 0) return std::unexpected(lost());
  }
  if (PQpipelineSync(handle_.get()) == 0) return std::unexpected(lost());
  return {};
}

Attempt<void> PostgresConnection::wait_for_result(Deadline deadline, milliseconds at_most) {
  PGconn* const handle = handle_.get();
  while (true) {
    const int unsent = PQflush(handle);
    if (unsent < 0) return std::unexpected(lost());
    if (PQisBusy(handle) == 0) return {};
    if (deadline.passed()) {
      give_up();
      return std::unexpected(no_answer(at_most, target_));
    }
    const auto events = static_cast<short>(unsent > 0 ? POLLIN | POLLOUT : POLLIN);
    if (!wait_on(PQsocket(handle), events, deadline.left())) continue;
    if (PQconsumeInput(handle) == 0) return std::unexpected(lost());
  }
}

Attempt<void> PostgresConnection::receive(Reception& reception, milliseconds at_most) {
  const Deadline deadline = Deadline::after(at_most);
  PQsetSingleRowMode(handle_.get());
  while (!reception.synced) {
    if (Attempt<void> ready = wait_for_result(deadline, at_most); !ready) return ready;
    const ResultHandle result(PQgetResult(handle_.get()));
    if (result == nullptr) {  // the end of one statement's results
      if (++reception.current > reception.statements.size()) return std::unexpected(lost());
      PQsetSingleRowMode(handle_.get());
      continue;
    }
    if (!reception.take(result.get())) {
      give_up();  // the rest stays unread
      return {};
    }
    if (PQstatus(handle_.get()) != CONNECTION_OK) {
      give_up();
      if (!reception.failure) return std::unexpected(lost());
      return {};
    }
  }
  return {};
}

}  // namespace selvage::data
