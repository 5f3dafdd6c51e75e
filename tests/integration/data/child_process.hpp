// Runs one test case of this same program in another process, so that it can be killed and that
// real processes meet on one database. Such a case is declared with doctest::skip() and reads its
// orders from the environment.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <string>
#include <vector>

namespace selvage::data {

class ChildProcess {
 public:
  ChildProcess(std::string test_case, std::map<std::string, std::string> orders) {
    int ends[2];
    if (::pipe(ends) != 0) return;
    std::vector<std::string> environment;
    for (const auto& [key, value] : orders) environment.push_back(key + "=" + value);
    environment.push_back("SELVAGE_TEST_PIPE=" + std::to_string(ends[1]));
    std::vector<std::string> arguments{"/proc/self/exe", "--no-skip", "--test-case=" + test_case};
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    std::vector<char*> envp;
    for (std::string& entry : environment) envp.push_back(entry.data());
    envp.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(ends[0]);
      ::execve("/proc/self/exe", argv.data(), envp.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    reading_ = ends[0];
  }
  ~ChildProcess() {
    kill();
    (void)wait();
    ::close(reading_);
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  void kill() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
  }
  // The exit code, or -1 after a signal.
  [[nodiscard]] int wait() {
    if (pid_ <= 0) return -1;
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  // What the child reported so far, or until it ends when `to_the_end`.
  [[nodiscard]] std::string read(bool to_the_end) {
    std::string text;
    char buffer[65536];
    do {
      const ssize_t got = ::read(reading_, buffer, sizeof buffer);
      if (got <= 0) break;
      text.append(buffer, static_cast<std::size_t>(got));
    } while (to_the_end);
    return text;
  }

  // In the child: an order, and reporting to the parent (what is reported survives a kill).
  [[nodiscard]] static std::string order(const char* key) {
    const char* value = ::getenv(key);
    return value != nullptr ? value : "";
  }
  static void report(std::string_view text) {
    const int pipe = std::stoi(order("SELVAGE_TEST_PIPE"));
    if (::write(pipe, text.data(), text.size()) < 0) ::_exit(3);
  }

 private:
  pid_t pid_ = -1;
  int reading_ = -1;
};

}  // namespace selvage::data
