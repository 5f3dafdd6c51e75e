// The counters of one kind of task on one queue, under the names of the Celery exporter so that
// existing dashboards find them.
#pragma once

#include <string>
#include <string_view>

#include "base/metrics.hpp"
#include "work/handler.hpp"

namespace selvage::work {

// Any thread; the registry must outlive it.
class JobMetrics {
 public:
  JobMetrics(Registry& registry, std::string_view task, std::string_view queue);

  void worker_up(bool up) { up_.set(up ? 1 : 0); }
  void received() { received_.add(); }
  void started(milliseconds waited);
  void ended();
  void revoked();
  // What the broker was told and how long the job ran.
  void settled(const Outcome& outcome, milliseconds runtime);

 private:
  Registry& registry_;
  const Labels labels_;
  Gauge& up_;
  Gauge& active_;
  Counter& received_;
  Counter& started_;
  Counter& succeeded_;
  Counter& retried_;
  Counter& rejected_;
  Histogram& runtime_;
  Histogram& queue_wait_;
};

// The short class at the head of a reason ("provider.timeout: no answer in 60 s"), or "Error": a
// label value must not be a whole sentence.
[[nodiscard]] std::string failure_class(std::string_view reason);

}  // namespace selvage::work
