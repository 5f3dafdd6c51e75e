// The last hour in steps: queue depth, finished jobs, latency percentiles. A ring of fixed size in
// memory, fed by the job feed; charts need no time-series database. Written on one loop, read from
// any.
#pragma once

#include <mutex>
#include <vector>

#include "tryon/session.hpp"
#include "work/broker.hpp"

namespace selvage::app {

inline constexpr milliseconds kTimelineStep{5000};
inline constexpr std::size_t kTimelinePoints = 720;

struct TimelinePoint {
  Timestamp at;
  std::int64_t ready = 0;
  std::int64_t leased = 0;
  std::int64_t completed = 0;  // in this step
  std::int64_t failed = 0;
  double p50_ms = 0;  // from acceptance to the terminal state, of this step's jobs; 0 when none
  double p95_ms = 0;
};

// How much waits and how fast it is worked off, for those who are told to come back.
struct Outlook {
  std::int64_t waiting = 0;  // tasks in the queue, ready or delayed
  double per_second = 0;     // jobs that ended in the last minute, by the second; 0 when none did
};

class Timeline {
 public:
  // Counts a job that reached its end.
  void record(const tryon::Session& session);
  // Ends the step with the depths of now, of the queues whose jobs it records.
  void close_step(Timestamp at, std::span<const work::QueueDepth> depths);
  [[nodiscard]] std::vector<TimelinePoint> last(milliseconds span) const;
  // As of the last step; nullopt before the first.
  [[nodiscard]] std::optional<Outlook> outlook(std::string_view queue) const;

 private:
  mutable std::mutex mutex_;
  std::vector<TimelinePoint> points_;  // ring
  std::size_t next_ = 0;
  TimelinePoint open_;
  std::vector<work::QueueDepth> depths_;  // of the last step
  std::vector<double> latencies_;         // of the open step, at most kMaxLatencies
};

}  // namespace selvage::app
