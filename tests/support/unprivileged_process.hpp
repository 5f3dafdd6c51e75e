// Programs that refuse to run as root (PostgreSQL, pgbouncer): everything here runs as the user
// postgres when the test is root.
#pragma once

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "support/server_process.hpp"

namespace selvage::testing {

// The account that the servers run under; its directories must belong to it.
struct ServerUser {
  uid_t uid = getuid();
  gid_t gid = getgid();
  bool exists = true;

  static const ServerUser& get() {
    static const ServerUser user = [] {
      ServerUser found;
      if (found.uid != 0) return found;
      const passwd* const account = getpwnam("postgres");
      found.exists = account != nullptr;
      if (account != nullptr) found.uid = account->pw_uid, found.gid = account->pw_gid;
      return found;
    }();
    return user;
  }
};

// A directory of the server user's, gone with this object.
class ServerDirectory {
 public:
  explicit ServerDirectory(const std::string& name) {
    std::string pattern =
        (std::filesystem::temp_directory_path() / ("selvage-" + name + "-XXXXXX")).string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
    const ServerUser& user = ServerUser::get();
    if (chown(path_.c_str(), user.uid, user.gid) != 0) std::abort();
  }
  ~ServerDirectory() {
    std::error_code ignored;  // a leftover in the temporary directory fails no test
    std::filesystem::remove_all(path_, ignored);
  }
  ServerDirectory(const ServerDirectory&) = delete;
  ServerDirectory& operator=(const ServerDirectory&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Starts `arguments` as the server user, its output going to `log`. The process gets `at_our_end`
// when this thread ends without having ended it.
inline pid_t start_process(std::vector<std::string> arguments, const std::filesystem::path& log,
                           int at_our_end = SIGKILL) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const ServerUser& user = ServerUser::get();
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child != 0) return child;
  if (getuid() == 0 && (setgroups(0, nullptr) != 0 || setgid(user.gid) != 0)) _exit(126);
  if (getuid() == 0 && setuid(user.uid) != 0) _exit(126);
  prctl(PR_SET_PDEATHSIG, at_our_end);
  if (getppid() != parent) _exit(126);
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  if (chdir("/") != 0) _exit(126);
  execvp(argv[0], argv.data());
  _exit(127);
}

// The exit code, or -1 after a signal.
inline int wait_for_process(pid_t process) {
  int status = 0;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace selvage::testing
