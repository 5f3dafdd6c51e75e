// NodeState: what a worker node knows of itself, and shows to events and remote control: its name,
// logical clock, running tasks, revoked ids, counts. Lives on the node's loop.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/cancel.hpp"
#include "base/clock.hpp"
#include "celery/message.hpp"
#include "work/handler.hpp"

namespace selvage::celery {

// Orders events of many nodes: forward() for what is sent, adjust() for what was received.
class LamportClock {
 public:
  std::int64_t forward() { return ++value_; }
  // What nobody can have counted to is not believed.
  void adjust(std::int64_t seen) {
    value_ = std::max(value_, seen < kMostBelieved ? seen : std::int64_t{0}) + 1;
  }
  [[nodiscard]] std::int64_t value() const { return value_; }

 private:
  static constexpr std::int64_t kMostBelieved = std::int64_t{1} << 53U;
  std::int64_t value_ = 0;
};

// The ids that were revoked in the last three hours, 50,000 at most (as Celery keeps them).
class RevokedIds {
 public:
  static constexpr std::size_t kMax = 50'000;
  static constexpr seconds kKept{10'800};

  void add(const std::string& id, Timestamp when);
  // `time` is now.
  [[nodiscard]] bool contains(const std::string& id, Timestamp time) const;
  void forget_old(Timestamp time);
  [[nodiscard]] const std::unordered_map<std::string, Timestamp>& all() const { return when_; }

 private:
  std::unordered_map<std::string, Timestamp> when_;
  std::deque<std::pair<Timestamp, std::string>> order_;
};

// Why a node told a running task to stop.
enum class StopCause { none, soft_limit, hard_limit, revoked };

// One running task; the coroutine that runs it owns it.
struct ActiveTask {
  const Message& message;
  std::string queue;  // as Celery names it
  Timestamp started;
  int retries = 0;
  CancelSource stop{};
  StopCause cause = StopCause::none;
  // shared with the function that runs
  std::shared_ptr<work::StopState> why = std::make_shared<work::StopState>();

  void stop_for(StopCause because) {
    if (stop.cancelled()) return;
    cause = because;
    why->reason = work::StopReason::time_limit;
    stop.cancel();
  }
};

struct TimeLimits {
  std::optional<milliseconds> hard;
  std::optional<milliseconds> soft;
};

class NodeState {
 public:
  explicit NodeState(std::string name);

  class Running {  // for its life the task is listed
   public:
    Running(NodeState& node, ActiveTask& task);
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

   private:
    NodeState& node_;
    std::multimap<std::string, ActiveTask*, std::less<>>::iterator place_;
  };

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] int pid() const { return pid_; }
  [[nodiscard]] seconds uptime() const;
  [[nodiscard]] const std::multimap<std::string, ActiveTask*, std::less<>>& active() const {
    return active_;
  }
  // Names and ids come from messages; past 1,000 names the rest count as "other".
  void count_received(std::string_view task);
  void count_processed() { ++processed_; }
  [[nodiscard]] std::uint64_t processed() const { return processed_; }
  [[nodiscard]] const std::map<std::string, std::uint64_t, std::less<>>& totals() const {
    return totals_;
  }

  LamportClock clock;
  RevokedIds revoked;
  std::map<std::string, TimeLimits, std::less<>> limits;  // by task name, set by remote control
  bool task_events = true;

 private:
  std::string name_;
  int pid_;
  SteadyTime started_ = steady_now();
  std::uint64_t processed_ = 0;
  std::map<std::string, std::uint64_t, std::less<>> totals_;
  std::multimap<std::string, ActiveTask*, std::less<>> active_;
};

}  // namespace selvage::celery
