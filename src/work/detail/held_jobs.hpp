// The leases a worker holds, and when each of their jobs must stop: at its time limit, when the
// lease is gone, or at the end of a drain's grace. Lives on the worker's loop.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "work/broker.hpp"
#include "work/handler.hpp"

namespace selvage::work {

// How long a handler that was told to stop may take before its silence is logged.
inline constexpr seconds kStopAnswer{10};

class HeldJobs;

// One job, from the lease to the end of its settlement; held by its coroutine, known to HeldJobs.
class HeldJob {
 public:
  HeldJob(HeldJobs& all, LeaseRef ref, SteadyTime lease_ends, Deadline limit, log::Context log);
  ~HeldJob();
  HeldJob(const HeldJob&) = delete;
  HeldJob& operator=(const HeldJob&) = delete;

  [[nodiscard]] const LeaseRef& ref() const { return ref_; }
  [[nodiscard]] Deadline limit() const { return limit_; }
  [[nodiscard]] const log::Context& log() const { return log_; }
  [[nodiscard]] CancelToken stop() const { return stop_.token(); }
  [[nodiscard]] std::shared_ptr<const StopState> why() const { return why_; }
  // Nobody may act on the task any more: the lease went to another, or could not be extended in
  // time.
  [[nodiscard]] bool lost() const { return lost_ || steady_now() >= lease_ends_; }
  // The handler has answered; what is left is to tell the broker.
  void answered() { running_ = false; }

 private:
  friend HeldJobs;
  void stop_for(StopReason reason);

  HeldJobs& all_;
  const LeaseRef ref_;
  SteadyTime lease_ends_;
  const Deadline limit_;
  const log::Context log_;
  CancelSource stop_;
  std::shared_ptr<StopState> why_ = std::make_shared<StopState>();  // shared with the handler
  SteadyTime told_at_ = SteadyTime::max();
  bool running_ = true;
  bool lost_ = false;
  bool silence_logged_ = false;
};

class HeldJobs {
 public:
  [[nodiscard]] std::size_t size() const { return jobs_.size(); }
  // Those whose lease is worth extending.
  [[nodiscard]] std::vector<LeaseRef> to_extend() const;
  void extended(const std::vector<LeaseRef>& held, SteadyTime until);
  void lost(const std::vector<LeaseRef>& refs);
  // Stops what must stop by now. `drain_ends` is when a drain's grace is over.
  void enforce(Deadline drain_ends);

 private:
  friend HeldJob;
  // A task may be held twice for a moment: under a token that was lost and under its next one.
  using Key = std::pair<std::string, std::int64_t>;
  static Key key(const LeaseRef& ref) { return {ref.task_id, ref.token}; }
  [[nodiscard]] static StopReason reason_to_stop(const HeldJob& job, Deadline drain_ends);
  void stop(const Key& which, StopReason reason);
  static void log_silence(HeldJob& job);

  std::map<Key, HeldJob*> jobs_;
};

}  // namespace selvage::work
