#include "work/queue_metrics.hpp"

#include "base/log.hpp"
#include "net/loop.hpp"

namespace selvage::work {

QueueMetrics::QueueMetrics(Broker& broker, Registry& metrics, std::string queue)
    : broker_(broker), metrics_(metrics) {
  gauges_of(queue);
}

QueueMetrics::Gauges& QueueMetrics::gauges_of(const std::string& queue) {
  const auto found = queues_.find(queue);
  if (found != queues_.end()) return found->second;
  const Labels labels{{"queue_name", queue}};
  const auto gauge = [&](std::string_view name, std::string_view help) -> Gauge& {
    return metrics_.gauge(name, help, labels);
  };
  return queues_
      .emplace(queue, Gauges{gauge("celery_queue_length", "Tasks that could run now"),
                             gauge("selvage_queue_delayed", "Tasks that wait for their time"),
                             gauge("selvage_queue_leased", "Tasks that workers hold"),
                             gauge("selvage_queue_dead", "Dead letters"),
                             gauge("selvage_queue_oldest_ready_seconds",
                                   "Age of the task that has waited longest")})
      .first->second;
}

Task<void> QueueMetrics::run(CancelToken stop, milliseconds interval) {
  do {
    co_await refresh();
  } while (co_await net::sleep_for(interval, stop));
}

Task<void> QueueMetrics::refresh() {
  const auto depths = co_await broker_.depths();
  if (!depths) {
    if (!std::exchange(away_, true)) log::warning("queue_depth_unknown", depths.error());
    co_return;
  }
  away_ = false;
  std::map<std::string, QueueDepth> now_known;
  for (const QueueDepth& depth : *depths) {
    gauges_of(depth.queue);
    now_known.emplace(depth.queue, depth);
  }
  for (auto& [queue, gauges] : queues_) {  // a queue that is not reported is empty
    const QueueDepth depth = now_known[queue];
    gauges.ready.set(static_cast<double>(depth.ready));
    gauges.delayed.set(static_cast<double>(depth.delayed));
    gauges.leased.set(static_cast<double>(depth.leased));
    gauges.dead.set(static_cast<double>(depth.dead));
    gauges.oldest.set(static_cast<double>(depth.oldest_ready.value_or(milliseconds(0)).count()) /
                      1000.0);
  }
}

}  // namespace selvage::work
