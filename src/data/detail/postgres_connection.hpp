// One connection to PostgreSQL; the raw libpq API ends here.
//
// Used by one thread at a time. Statements are unnamed and parameterised, and those of one
// round_trip() go out together, behind one Sync: a pooler in transaction mode sees nothing that it
// could not hand to any server connection. No call waits longer than it is told.
#pragma once

#include <libpq-fe.h>

#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/database.hpp"
#include "data/detail/postgres_failure.hpp"
#include "data/detail/postgres_target.hpp"

namespace selvage::data {

struct PostgresStatement {
  std::string sql;
  Params params;
};

struct PostgresAnswer {
  Rows rows;
  std::int64_t changed = 0;  // by INSERT, UPDATE, DELETE or MERGE
  std::string tag;           // "COMMIT"
};

class PostgresConnection {
 public:
  // `target` must outlive the connection. Looking up the name blocks as long as the system's
  // resolver does; all the rest takes at most `at_most` for each host.
  [[nodiscard]] static std::expected<std::unique_ptr<PostgresConnection>, ConnectFailure> open(
      const PostgresTarget& target, milliseconds at_most);
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

  // The answers to all, or the first failure; after one the rest were not executed. A failure that
  // is not `lost` or `silent` and an answer leave the connection usable, unless more came than
  // result_limits.hpp allows.
  [[nodiscard]] Attempt<std::vector<PostgresAnswer>> round_trip(
      std::span<const PostgresStatement> statements, milliseconds at_most);

  // False when it is broken, also when the server has closed it while it was idle.
  [[nodiscard]] bool usable();
  [[nodiscard]] bool in_transaction() const;
  void give_up() { given_up_ = true; }

  [[nodiscard]] int server_version() const { return PQserverVersion(handle_.get()); }
  [[nodiscard]] bool is_encrypted() const { return PQsslInUse(handle_.get()) != 0; }
  // Over a Unix-domain socket or the loopback interface.
  [[nodiscard]] bool is_local() const;

 private:
  struct Finish {
    void operator()(PGconn* handle) const { PQfinish(handle); }
  };
  struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  using ResultHandle = std::unique_ptr<PGresult, Clear>;
  struct Reception;

  PostgresConnection(const PostgresTarget& target, PGconn* handle)
      : target_(target), handle_(handle) {}
  static void hear(void* self, const PGresult* notice);
  // False when the deadline passed first.
  [[nodiscard]] bool shake_hands(Deadline deadline);
  [[nodiscard]] Attempt<void> send(std::span<const PostgresStatement> statements);
  [[nodiscard]] Attempt<void> receive(Reception& reception, milliseconds at_most);
  // Until the next result can be taken.
  [[nodiscard]] Attempt<void> wait_for_result(Deadline deadline, milliseconds at_most);
  [[nodiscard]] PostgresFailure lost();

  const PostgresTarget& target_;
  std::unique_ptr<PGconn, Finish> handle_;
  bool given_up_ = false;
};

}  // namespace selvage::data
