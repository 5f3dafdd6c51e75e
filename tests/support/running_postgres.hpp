// A real PostgreSQL server of the test's own: in a temporary directory, on a free loopback port, of
// ICU collation en-US (so that nothing relies on the order of bytes by luck), without fsync unless
// `durable` is asked for. It can be stopped, killed, frozen and started again with its data.
//
//   if (!RunningPostgres::available()) return;   // tells why, loudly
//   RunningPostgres postgres;
//   open_postgres({.url = postgres.url()});
#pragma once

#include <doctest/doctest.h>
#include <libpq-fe.h>
#include <sys/file.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <thread>

#include "support/unprivileged_process.hpp"

namespace selvage::testing {

class RunningPostgres {
 public:
  struct Options {
    bool durable = false;
    std::string settings;  // more lines of postgresql.conf
  };
  enum class Stop { fast, immediate, kill };

  // False, and a line that tests were skipped, on a machine without PostgreSQL 15.
  static bool available() {
    const bool found = std::filesystem::exists(program("postgres")) && ServerUser::get().exists;
    if (!found) {
      std::puts("SKIPPED: PostgreSQL 15 is not installed (apt-get install postgresql-15)");
    }
    return found;
  }

  RunningPostgres() : RunningPostgres(Options{}) {}
  explicit RunningPostgres(const Options& options) : directory_("postgres") {
    copy_new_cluster(directory_.path() / "data");
    std::ofstream settings(data() / "postgresql.conf", std::ios::app);
    settings << "listen_addresses = '127.0.0.1'\nunix_socket_directories = '"
             << directory_.path().string() << "'\nshared_buffers = 32MB\nmax_connections = 60\n"
             << "logging_collector = off\nlog_min_messages = warning\n";
    if (!options.durable) {
      settings << "fsync = off\nfull_page_writes = off\n";
    }
    settings << options.settings << "\n";
    settings.close();
    // Roles by which tests ask for a password or for TLS.
    std::ofstream rules(data() / "pg_hba.conf", std::ios::trunc);
    rules << "host all with_password 127.0.0.1/32 scram-sha-256\n"
             "hostssl all with_tls 127.0.0.1/32 trust\n"
             "host all with_tls 127.0.0.1/32 reject\n"
             "host all all 127.0.0.1/32 trust\nlocal all all trust\n";
    rules.close();
    start();
  }
  ~RunningPostgres() { stop(Stop::immediate); }
  RunningPostgres(const RunningPostgres&) = delete;
  RunningPostgres& operator=(const RunningPostgres&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_.path(); }
  [[nodiscard]] std::filesystem::path data() const { return directory_.path() / "data"; }
  // `credentials` is user or user:password.
  [[nodiscard]] std::string url(const std::string& database = "postgres",
                                const std::string& credentials = "postgres",
                                const std::string& parameters = "") const {
    return "postgres://" + credentials + "@127.0.0.1:" + std::to_string(port_) + "/" + database +
           (parameters.empty() ? "" : "?" + parameters);
  }

  // Runs until it takes connections. The port stays the same over restarts.
  void start() {
    for (int tries = 0; tries < 20; ++tries) {
      begin_start();
      if (wait_until_ready()) return;
      wait_for_process(pid_);  // the port was taken, or killed children still held the memory
      pid_ = -1;
      if (!ever_ready_) port_ = 0;
    }
    FAIL("PostgreSQL does not start: " << log());
  }
  // As start(), without waiting.
  void begin_start() {
    if (port_ == 0) port_ = free_port();
    pid_ = start_process({program("postgres"), "-D", data().string(), "-p", std::to_string(port_)},
                         directory_.path() / "log", SIGQUIT);
  }
  bool wait_until_ready() {
    const std::string place = url();
    for (int i = 0; i < 3000; ++i) {
      if (PQping(place.c_str()) == PQPING_OK) return ever_ready_ = true;
      if (waitpid(pid_, nullptr, WNOHANG) == pid_) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  // `kill` is kill -9 of every process of it, as when the machine loses its power.
  void stop(Stop how) {
    if (pid_ <= 0) return;
    switch (how) {
      case Stop::fast:
        ::kill(pid_, SIGINT);
        break;
      case Stop::immediate:
        thaw();
        ::kill(pid_, SIGQUIT);
        break;
      case Stop::kill: {
        const std::vector<pid_t> all = processes();
        for (const pid_t process : all) ::kill(process, SIGKILL);
        break;
      }
    }
    wait_for_process(pid_);
    pid_ = -1;
  }
  void restart(Stop how) {
    stop(how);
    start();
  }
  void freeze() {
    for (const pid_t process : processes()) ::kill(process, SIGSTOP);
  }
  void thaw() {
    for (const pid_t process : processes()) ::kill(process, SIGCONT);
  }

  // The first column of the first row, or "", on a connection of its own as the superuser.
  std::string query(const std::string& sql, const std::string& database = "postgres") const {
    PGconn* const connection = PQconnectdb(url(database).c_str());
    PGresult* const result = PQexec(connection, sql.c_str());
    const ExecStatusType status = PQresultStatus(result);
    const bool done = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
    const std::string problem = PQerrorMessage(connection);
    std::string value;
    if (done && PQntuples(result) > 0 && PQnfields(result) > 0) value = PQgetvalue(result, 0, 0);
    PQclear(result);
    PQfinish(connection);
    REQUIRE_MESSAGE(done, sql << ": " << problem);
    return value;
  }
  // A new empty database; the name is unique in this server.
  std::string create_database() {
    const std::string name = "test_" + std::to_string(++databases_);
    query("CREATE DATABASE " + name + " TEMPLATE template0");
    return name;
  }
  void drop_database(const std::string& name) {
    query("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
  }
  [[nodiscard]] std::string log() const {
    std::ifstream file(directory_.path() / "log");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

  static std::string program(const std::string& name) {
    return "/usr/lib/postgresql/15/bin/" + name;
  }

 private:
  // A fresh cluster costs a second, its copy a tenth of one: the first is kept, beside the
  // directories of the tests, for all tests of this user.
  static void copy_new_cluster(const std::filesystem::path& to) {
    const auto kept = std::filesystem::temp_directory_path() /
                      ("selvage-postgres-15-icu-" + std::to_string(getuid()));
    const std::string lock = kept.string() + ".lock";
    const int locked = open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    flock(locked, LOCK_EX);
    if (!std::filesystem::exists(kept / "complete")) {
      std::filesystem::remove_all(kept);
      std::filesystem::create_directory(kept);
      const ServerUser& user = ServerUser::get();
      REQUIRE(chown(kept.c_str(), user.uid, user.gid) == 0);
      run({program("initdb"), "-D", (kept / "data").string(), "-U", "postgres", "-A", "trust",
           "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu",
           "--icu-locale=en-US", "--wal-segsize=1"});
      std::ofstream(kept / "complete") << "yes";
    }
    run({"cp", "-a", (kept / "data").string(), to.string()});
    close(locked);
  }
  static void run(const std::vector<std::string>& arguments) {
    REQUIRE(wait_for_process(start_process(arguments, "/dev/null")) == 0);
  }

  // The postmaster and its children.
  [[nodiscard]] std::vector<pid_t> processes() const {
    std::vector<pid_t> all{pid_};
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      const std::string name = entry.path().filename();
      if (name.find_first_not_of("0123456789") != std::string::npos) continue;
      std::ifstream file(entry.path() / "stat");
      std::string text;
      std::getline(file, text);
      std::istringstream after(text.substr(std::min(text.rfind(')') + 1, text.size())));
      std::string state;
      pid_t parent = 0;
      after >> state >> parent;
      if (parent == pid_) all.push_back(std::stoi(name));
    }
    return all;
  }

  ServerDirectory directory_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
  bool ever_ready_ = false;
  int databases_ = 0;
};

}  // namespace selvage::testing
