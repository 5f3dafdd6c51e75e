// QueueMetrics: the depth of every queue as gauges, celery_queue_length{queue_name} among them,
// refreshed on a beat, because a scrape must not wait for the broker.
#pragma once

#include <map>
#include <string>

#include "base/metrics.hpp"
#include "work/broker.hpp"

namespace selvage::work {

class QueueMetrics {
 public:
  // Both must outlive it. `queue` is shown from the start, when it is still empty.
  QueueMetrics(Broker& broker, Registry& metrics, std::string queue);
  // Until cancelled. A broker that is away leaves the gauges as they were and is logged once.
  [[nodiscard]] Task<void> run(CancelToken stop, milliseconds interval = seconds(5));

 private:
  struct Gauges {
    Gauge& ready;  // what the Celery exporter calls the queue's length
    Gauge& delayed;
    Gauge& leased;
    Gauge& dead;
    Gauge& oldest;
  };
  Gauges& gauges_of(const std::string& queue);
  [[nodiscard]] Task<void> refresh();

  Broker& broker_;
  Registry& metrics_;
  std::map<std::string, Gauges> queues_;
  bool away_ = false;
};

}  // namespace selvage::work
