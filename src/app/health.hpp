// Health of what this process stands on. Every check runs again and again on one loop, each on its
// own, so that one that hangs delays no other; what they found is kept ready to serve from memory,
// however slow a part is. A check that has not answered within kHealthLimit counts as failed, with
// the time it has taken so far.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/task_function.hpp"
#include "base/task_group.hpp"

namespace selvage::app {

inline constexpr milliseconds kHealthStep{2000};  // between two runs of a check that passed
inline constexpr milliseconds kHealthRetry{
    250};  // after one that failed, so that recovery shows at once
inline constexpr milliseconds kHealthPublish{500};   // between two snapshots
inline constexpr milliseconds kHealthLimit{5000};    // of one check
inline constexpr milliseconds kHealthStale{10'000};  // a snapshot older than this is not believed

struct HealthCheck {
  std::string name;       // "database"
  bool component = true;  // part of /health; declared dependencies are part of /ready alone
  TaskFunction<Task<Result<void>>()> check;
  milliseconds step = kHealthStep;  // longer for what others count, and bill
  bool ready = true;                // part of /ready; false for what most requests do without
};

class HealthBoard {
 public:
  // `roles`: what this process does, told with its health.
  HealthBoard(std::vector<HealthCheck> checks, std::vector<std::string> roles);

  // Until cancelled; returns when no check is running any more.
  [[nodiscard]] Task<void> run(CancelToken cancel);

  // On the loop of run(): the process ends, so it is not ready any more.
  void say_draining();

  struct View {
    std::string body;
    bool ok = false;
  };
  // Any thread. /health: {status: ok|degraded, components, roles, version, uptime_s}.
  [[nodiscard]] View health() const;
  // Any thread. /ready: {ready, checks: [{name, ok, latency_ms, error}], reason}.
  [[nodiscard]] View ready() const;

 private:
  struct State {
    HealthCheck check;
    std::optional<SteadyTime> running_since;
    double latency_ms = 0;
    bool known = false;  // answered at least once
    bool told = true;    // what the log last said; a part that is slow to start is no news
    bool ok = false;
    std::string error;
  };
  struct Snapshot {
    View health;
    View ready;
    SteadyTime at;
  };
  Task<void> repeat(State& state, CancelToken cancel);
  void publish();
  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const;

  std::vector<State> states_;
  const std::vector<std::string> roles_;
  bool draining_ = false;
  const SteadyTime started_ = steady_now();
  // libstdc++ 12's atomic<shared_ptr> unlocks its load without ordering, so a mutex it is.
  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> snapshot_;  // shared with requests being answered
  TaskGroup checks_;
};

}  // namespace selvage::app
