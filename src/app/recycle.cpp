#include "app/recycle.hpp"

#include <fcntl.h>
#include <fmt/ranges.h>
#include <linux/close_range.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "base/log.hpp"
#include "base/process_memory.hpp"
#include "base/text.hpp"
#include "net/loop.hpp"

namespace selvage::app {

namespace {

constexpr const char* kListeners = "SELVAGE_LISTENERS";  // "PID:FD,FD,...", between two lives only

// The words this process was started with.
std::vector<std::string> own_arguments() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::string> words;
  for (const std::string_view word : split(text, '\0')) words.emplace_back(word);
  if (!words.empty()) words.pop_back();  // each word ends with a zero
  return words;
}

volatile std::sig_atomic_t stop_remembered = 0;

void on_stop_signals(void (*handler)(int), unsigned flags) {
  struct sigaction action{};
  action.sa_flags = static_cast<int>(flags);
  action.sa_handler = handler;
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
}

void mask_stop_signals(int how) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(how, &signals, nullptr);
}

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

void end_on_stop_signals() {
  on_stop_signals(
      [](int signal) {
        raise(signal);
        _exit(128 + signal);  // process 1 is still here
      },
      SA_RESETHAND | SA_NODEFER);
  mask_stop_signals(SIG_UNBLOCK);  // what came between two lives
}

void remember_stop_signals() {
  on_stop_signals([](int) { stop_remembered = 1; }, SA_RESTART);
}

bool stop_signal_remembered() {
  mask_stop_signals(SIG_BLOCK);
  return stop_remembered != 0;
}

Task<bool> memory_exceeded(ByteCount most, CancelToken cancel) {
  const SteadyTime born = steady_now();
  int over = 0;
  while (co_await net::sleep_for(kMemoryStep, cancel)) {
    const auto memory = resident_memory();
    over = most.value > 0 && memory && *memory > most ? over + 1 : 0;
    if (over < 2 || steady_now() - born < kLeastLife) continue;
    log::warning("memory_exceeded",
                 {{"resident_bytes", memory->value}, {"most_bytes", most.value}});
    co_return true;
  }
  co_return false;
}

Error run_anew(const std::vector<int>& listeners) {
  const std::vector<std::string> words = own_arguments();
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  // whatever a library may have left open ends here
  close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  if (!listeners.empty()) {
    for (const int socket : listeners) fcntl(socket, F_SETFD, 0);
    const std::string value = fmt::format("{}:{}", getpid(), fmt::join(listeners, ","));
    setenv(kListeners, value.c_str(), 1);
  }
  // the same file, also when a newer one has taken its name: an upgrade is the operator's to begin
  execv("/proc/self/exe", pointers.data());
  return {ErrorKind::internal, "recycle.exec",
          std::string("this program cannot be started anew: ") + std::strerror(errno),
          "start it again", nullptr};
}

std::vector<int> inherited_listeners() {
  const char* value = std::getenv(kListeners);
  if (value == nullptr) return {};
  const std::string text = value;
  unsetenv(kListeners);
  const std::size_t colon = text.find(':');
  pid_t owner = 0;
  if (!read_number(std::string_view(text).substr(0, colon), owner) || owner != getpid()) return {};
  std::vector<int> listeners;
  for (const std::string_view word : split(std::string_view(text).substr(colon + 1), ',')) {
    int socket = -1;
    if (!read_number(word, socket) || socket <= STDERR_FILENO) return {};
    listeners.push_back(socket);
  }
  return listeners;
}

}  // namespace selvage::app
