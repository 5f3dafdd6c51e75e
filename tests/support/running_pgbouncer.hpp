// pgbouncer in transaction mode in front of a running PostgreSQL: each transaction may be given
// another server connection, so whatever relies on a session fails here.
#pragma once

#include "support/running_postgres.hpp"

namespace selvage::testing {

class RunningPgbouncer {
 public:
  static bool available() {
    const bool found = std::filesystem::exists(kProgram);
    if (!found) std::puts("SKIPPED: pgbouncer is not installed (apt-get install pgbouncer)");
    return found && RunningPostgres::available();
  }

  // `settings`: more lines of its [pgbouncer] section.
  explicit RunningPgbouncer(const RunningPostgres& postgres, const std::string& settings = "")
      : directory_("pgbouncer") {
    port_ = free_port();
    const std::filesystem::path file = directory_.path() / "pgbouncer.ini";
    std::ofstream(file) << "[databases]\n* = host=127.0.0.1 port=" << postgres.port()
                        << " user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = "
                        << port_
                        << "\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n"
                        << "default_pool_size = 4\nmax_client_conn = 200\n"
                        << "admin_users = postgres\n"
                        << settings << "\n";
    pid_ = start_process({kProgram, file.string()}, directory_.path() / "log");
    const std::string place = url("pgbouncer");
    for (int i = 0; i < 1000; ++i) {
      if (PQping(place.c_str()) == PQPING_OK) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    FAIL("pgbouncer does not start");
  }
  ~RunningPgbouncer() {
    ::kill(pid_, SIGKILL);
    wait_for_process(pid_);
  }
  RunningPgbouncer(const RunningPgbouncer&) = delete;
  RunningPgbouncer& operator=(const RunningPgbouncer&) = delete;

  [[nodiscard]] std::string url(const std::string& database) const {
    return "postgres://postgres@127.0.0.1:" + std::to_string(port_) + "/" + database;
  }

 private:
  static constexpr const char* kProgram = "/usr/sbin/pgbouncer";

  ServerDirectory directory_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace selvage::testing
