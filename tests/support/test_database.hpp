// The database that a test of a room runs on: SQLite in a scratch directory, or, when
// SELVAGE_TEST_DATABASE says postgres or pgbouncer, a new database in a real server that all cases
// of the program share. So every such test runs on all of them.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string_view>

#include "base/log.hpp"
#include "data/postgres_database.hpp"
#include "data/sqlite_database.hpp"
#include "integration/data/scratch.hpp"
#include "support/running_pgbouncer.hpp"

namespace selvage::testing {

class TestDatabase {
 public:
  TestDatabase() {
    if (is_postgres()) name_ = server().create_database();
  }
  ~TestDatabase() {
    if (is_postgres()) server().drop_database(name_);
  }
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  // As another process would open it: connections and threads of its own. Close them before this
  // object goes.
  [[nodiscard]] Result<std::unique_ptr<data::Database>> open() const {
    if (!is_postgres()) return data::open_sqlite({.file = scratch_ / "selvage.db"});
    return data::open_postgres({.url = url(), .connections = 4});
  }
  [[nodiscard]] std::unique_ptr<data::Database> must_open() const {
    auto database = open();
    REQUIRE_MESSAGE(database.has_value(), database.error().describe());
    return std::move(*database);
  }
  [[nodiscard]] const std::filesystem::path& directory() const { return scratch_.path(); }

  static bool is_postgres() { return wanted() != "sqlite"; }
  // REQUIRES: is_postgres().
  static RunningPostgres& server() {
    if (!RunningPostgres::available()) std::_Exit(kSkipped);
    static RunningPostgres shared;
    // It runs without fsync, which is warned of at every opening.
    [[maybe_unused]] static const bool quiet =
        (log::configure(log::Level::error, log::Format::json), true);
    return shared;
  }

 private:
  static constexpr int kSkipped = 77;  // as tests/CMakeLists.txt says

  static std::string_view wanted() {
    const char* const name = std::getenv("SELVAGE_TEST_DATABASE");
    return name != nullptr ? name : "sqlite";
  }
  [[nodiscard]] std::string url() const {
    if (wanted() == "postgres") return server().url(name_);
    if (!RunningPgbouncer::available()) std::_Exit(kSkipped);
    static const RunningPgbouncer bouncer(server());
    return bouncer.url(name_);
  }

  data::Scratch scratch_;
  std::string name_;
};

}  // namespace selvage::testing
