#include "app/timeline.hpp"

#include <algorithm>
#include <cmath>

namespace selvage::app {

namespace {

constexpr std::size_t kMaxLatencies = 10'000;

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  const auto at = values.begin() + std::lround(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace

void Timeline::record(const tryon::Session& session) {
  if (!session.finished_at) return;
  std::lock_guard lock(mutex_);
  if (session.status == tryon::SessionStatus::completed) ++open_.completed;
  if (session.status == tryon::SessionStatus::failed) ++open_.failed;
  if (latencies_.size() < kMaxLatencies) {
    latencies_.push_back(static_cast<double>((*session.finished_at - session.created_at).count()));
  }
}

void Timeline::close_step(Timestamp at, std::span<const work::QueueDepth> depths) {
  std::lock_guard lock(mutex_);
  open_.at = at;
  depths_.assign(depths.begin(), depths.end());
  for (const work::QueueDepth& depth : depths) {
    open_.ready += depth.ready;
    open_.leased += depth.leased;
  }
  open_.p50_ms = percentile(latencies_, 0.50);
  open_.p95_ms = percentile(latencies_, 0.95);
  if (points_.size() < kTimelinePoints) {
    points_.push_back(open_);
  } else {
    points_[next_] = open_;
  }
  next_ = (next_ + 1) % kTimelinePoints;
  open_ = {};
  latencies_.clear();
}

std::vector<TimelinePoint> Timeline::last(milliseconds span) const {
  std::lock_guard lock(mutex_);
  const std::size_t wanted =
      std::min(points_.size(), static_cast<std::size_t>(span / kTimelineStep));
  std::vector<TimelinePoint> result;
  result.reserve(wanted);
  const std::size_t first = points_.size() < kTimelinePoints ? 0 : next_;
  for (std::size_t i = points_.size() - wanted; i < points_.size(); ++i) {
    result.push_back(points_[(first + i) % points_.size()]);
  }
  return result;
}

std::optional<Outlook> Timeline::outlook(std::string_view queue) const {
  constexpr milliseconds kSpan{60'000};
  const std::vector<TimelinePoint> minute = last(kSpan);
  if (minute.empty()) return std::nullopt;
  Outlook outlook;
  std::int64_t ended = 0;
  for (const TimelinePoint& point : minute) ended += point.completed + point.failed;
  outlook.per_second =
      static_cast<double>(ended * 1000) /
      static_cast<double>(kTimelineStep.count() * static_cast<std::int64_t>(minute.size()));
  std::lock_guard lock(mutex_);
  for (const work::QueueDepth& depth : depths_) {
    if (depth.queue == queue) outlook.waiting = depth.ready + depth.delayed;
  }
  return outlook;
}

}  // namespace selvage::app
