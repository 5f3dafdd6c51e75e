// RunningRedis: a real redis-server on a free loopback port, in a directory of its own, gone with
// the object.
//
//   SELVAGE_NEED_REDIS();                             // skips the test loudly where it is missing
//   RunningRedis redis({.append_fsync = "always"});
//   redis.cli({"SET", "a", "1"});
//   redis.kill_nine();
//   redis.start();                                    // same port, same data
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/server_process.hpp"
#include "support/test_certificates.hpp"

#define SELVAGE_NEED_REDIS()                                                          \
  if (!::selvage::testing::installed("redis-server")) {                               \
    MESSAGE("SKIPPED: redis-server is not installed (apt-get install redis-server)"); \
    return;                                                                           \
  }

namespace selvage::testing {

struct RedisServerOptions {
  std::string password;          // of the default user, and towards a master
  std::string append_fsync;      // "everysec" or "always": an append-only file; empty: memory only
  std::string max_memory;        // "3mb"
  std::uint16_t replica_of = 0;  // the port of its master on loopback
  const TestCertificates* certificates = nullptr;  // TLS only, under this certificate
  bool cluster = false;                            // a node that waits to be joined to others
  std::vector<std::string> more{};                 // more arguments: {"--databases", "4"}
};

// The environment that makes redis-cli log in; an empty password would make it try one.
[[nodiscard]] inline std::vector<std::string> redis_login(const std::string& password) {
  if (password.empty()) return {};
  return {"REDISCLI_AUTH=" + password};
}

class RunningRedis {
 public:
  explicit RunningRedis(RedisServerOptions options = {}) : options_(std::move(options)) {
    for (int i = 0; i < 5; ++i) {  // another process may take the port meanwhile
      port_ = free_port();
      bus_port_ = free_port();
      launch();
      if (wait_until([&] { return answers() || !process_.running(); }, kStartTime) &&
          process_.running()) {
        return;
      }
      process_.kill_nine();
    }
    throw std::runtime_error("redis-server does not start: " + log());
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  // With the password of the options.
  [[nodiscard]] std::string url(const std::string& path = "") const {
    const std::string login = options_.password.empty() ? "" : ":" + options_.password + "@";
    if (options_.certificates == nullptr) return "redis://" + login + address() + path;
    return "rediss://" + login + "localhost:" + std::to_string(port_) + path +
           "?ca_file=" + options_.certificates->ca_file();
  }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  // What redis-cli prints for the command, without the last line feed.
  std::string cli(std::vector<std::string> words) const {
    std::vector<std::string> command{"redis-cli", "-p", std::to_string(port_)};
    if (options_.certificates != nullptr) {
      command.insert(command.end(), {"--tls", "--cacert", options_.certificates->ca_file()});
    }
    command.insert(command.end(), words.begin(), words.end());
    std::string out = run_program(std::move(command), redis_login(options_.password)).output;
    if (out.ends_with('\n')) out.pop_back();
    return out;
  }
  // One field of INFO: info("connected_clients").
  [[nodiscard]] std::string info(const std::string& field) const {
    std::istringstream all(cli({"INFO", "everything"}));
    for (std::string line; std::getline(all, line);) {
      if (line.starts_with(field + ":")) {
        line = line.substr(field.size() + 1);
        return line.substr(0, line.find('\r'));
      }
    }
    return {};
  }

  void kill_nine() { process_.kill_nine(); }
  // As an operator does it: redis-cli shutdown.
  void shutdown() {
    (void)cli({"SHUTDOWN"});
    process_.wait();
  }
  // Stops answering without closing anything, and goes on.
  void freeze() { process_.signal(SIGSTOP); }
  void thaw() { process_.signal(SIGCONT); }
  // Again, on the same port with the same data, after kill_nine() or shutdown().
  void start() {
    start_without_waiting();
    if (!wait_until([&] { return answers(); }, kStartTime)) {
      throw std::runtime_error("redis-server does not start again: " + log());
    }
  }
  // Returns while it may still be loading.
  void start_without_waiting() {
    // the kernel may hold the port for a moment after a kill
    for (int i = 0; i < 20 && !process_.running(); ++i) {
      launch();
      if (wait_until([&] { return listens() || !process_.running(); }, kStartTime) &&
          process_.running()) {
        return;
      }
    }
    throw std::runtime_error("redis-server does not start again: " + log());
  }
  [[nodiscard]] bool running() { return process_.running(); }
  [[nodiscard]] pid_t pid() const { return process_.pid(); }
  [[nodiscard]] std::string log() const {
    std::ifstream file(directory_ / "log");
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] const TemporaryDirectory& directory() const { return directory_; }

 private:
  static constexpr std::chrono::seconds kStartTime{30};

  void launch() {
    const std::string port = std::to_string(port_);
    std::vector<std::string> command{"redis-server",
                                     "--bind",
                                     "127.0.0.1",
                                     "--dir",
                                     directory_.path().string(),
                                     "--save",
                                     "",
                                     "--logfile",
                                     "",
                                     "--repl-diskless-sync-delay",
                                     "0",
                                     "--enable-debug-command",
                                     "yes"};
    const auto add = [&](std::initializer_list<std::string> words) {
      command.insert(command.end(), words);
    };
    if (options_.certificates != nullptr) {
      add({"--port", "0", "--tls-port", port, "--tls-auth-clients", "no", "--tls-cert-file",
           options_.certificates->certificate_file(), "--tls-key-file",
           options_.certificates->key_file(), "--tls-ca-cert-file",
           options_.certificates->ca_file()});
    } else {
      add({"--port", port});
    }
    if (!options_.password.empty()) {
      add({"--requirepass", options_.password, "--masterauth", options_.password});
    }
    if (!options_.append_fsync.empty()) {
      add({"--appendonly", "yes", "--appendfsync", options_.append_fsync});
    }
    if (!options_.max_memory.empty()) add({"--maxmemory", options_.max_memory});
    if (options_.replica_of != 0) {
      add({"--replicaof", "127.0.0.1 " + std::to_string(options_.replica_of)});
    }
    if (options_.cluster) {
      add({"--cluster-enabled", "yes", "--cluster-port", std::to_string(bus_port_),
           "--cluster-node-timeout", "2000"});
    }
    command.insert(command.end(), options_.more.begin(), options_.more.end());
    process_.start(std::move(command), directory_ / "log");
  }
  [[nodiscard]] bool answers() { return cli({"PING"}) == "PONG"; }
  [[nodiscard]] bool listens() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port_);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool open = ::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
    ::close(fd);
    return open;
  }

  RedisServerOptions options_;
  TemporaryDirectory directory_;
  std::uint16_t port_ = 0;
  std::uint16_t bus_port_ = 0;
  ServerProcess process_;
};

}  // namespace selvage::testing
