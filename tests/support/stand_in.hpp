// Starts one of tests/standins/*.py and ends it with this object (or with this process, whose end
// closes its standard input).
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

extern char** environ;

namespace selvage::testing {

class StandIn {
 public:
  // `script` is a file name below tests/standins.
  explicit StandIn(const std::string& script, std::vector<std::string> arguments = {}) {
    int from_child[2];
    int to_child[2];
    if (pipe2(from_child, O_CLOEXEC) != 0 || pipe2(to_child, O_CLOEXEC) != 0) std::abort();
    arguments.insert(arguments.begin(),
                     {"python3", SELVAGE_SOURCE_DIR "/tests/standins/" + script, "--with-parent"});
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to_child[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from_child[1], STDOUT_FILENO);
    if (posix_spawnp(&child_, "python3", &actions, nullptr, argv.data(), environ) != 0) {
      std::fputs("python3 is needed to run the stand-ins of the tests\n", stderr);
      std::abort();
    }
    posix_spawn_file_actions_destroy(&actions);
    close(to_child[0]);
    close(from_child[1]);
    keep_alive_ = to_child[1];

    std::FILE* said = fdopen(from_child[0], "r");
    unsigned port = 0;
    if (std::fscanf(said, "listening %u", &port) != 1) std::abort();
    std::fclose(said);
    port_ = static_cast<std::uint16_t>(port);
  }
  ~StandIn() {
    close(keep_alive_);
    kill(child_, SIGTERM);
    waitpid(child_, nullptr, 0);
  }
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url(const std::string& target = "") const {
    return "http://127.0.0.1:" + std::to_string(port_) + target;
  }
  [[nodiscard]] pid_t pid() const { return child_; }

 private:
  pid_t child_ = -1;
  int keep_alive_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace selvage::testing
