// Process metrics in the Prometheus text format 0.0.4.
//
// A Registry is made in main and passed down. counter/gauge/histogram return a reference that lives
// as long as the registry; look it up once and keep it. Updates are lock-free and may come from any
// thread. Label values are escaped here. The number of series a metric may have is capped (1,000):
// past it, updates go to a series whose label values are all "other", so hostile label values
// cannot eat memory.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace selvage {

class Counter {
 public:
  void add(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  void add(double by) { value_.fetch_add(by, std::memory_order_relaxed); }
  [[nodiscard]] double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_ = 0;
};

class Histogram {
 public:
  explicit Histogram(std::span<const double> bounds);
  void observe(double value);
  [[nodiscard]] std::uint64_t count() const;
  [[nodiscard]] double sum() const { return sum_.load(std::memory_order_relaxed); }
  // Upper bound of the bucket that holds quantile q (0..1); 0 when empty.
  [[nodiscard]] double quantile(double q) const;

 private:
  friend class Registry;
  std::vector<double> bounds_;
  std::deque<std::atomic<std::uint64_t>> buckets_;  // one more than bounds_
  std::atomic<double> sum_ = 0;
};

// Bucket bounds in seconds: HTTP requests, and jobs that take up to the 300 s limit.
extern const std::span<const double> kHttpBuckets;
extern const std::span<const double> kJobBuckets;

using Labels = std::vector<std::pair<std::string, std::string>>;

class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  Counter& counter(std::string_view name, std::string_view help, Labels labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, Labels labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                       Labels labels = {});

  // Calls `refresh` at each exposition, before the text is made; for values that are read, not
  // counted.
  void on_scrape(std::function<void()> refresh);

  // The exposition; also process_resident_memory_bytes, process_cpu_seconds_total,
  // process_open_fds, process_start_time_seconds.
  [[nodiscard]] std::string exposition();

 private:
  struct Family;
  struct Series;
  Series& series(std::string_view name, std::string_view help, std::string_view type, Labels labels,
                 std::span<const double> bounds);

  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Family>, std::less<>> families_;
  std::vector<std::function<void()>> refreshers_;
};

}  // namespace selvage
