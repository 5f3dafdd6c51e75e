// A queue on Redis servers of a test's own, which it may stop, fill up and take away; and a worker
// that goes on through all of it.
#pragma once

#include <functional>
#include <map>
#include <set>

#include "integration/work/redis_backend.hpp"

namespace selvage::work {

class QueueAt {
 public:
  explicit QueueAt(const std::string& url, QueueOptions options = {})
      : serving_(redis_broker_maker(*database, url, options)) {}

  // Our own tasks, by a transaction and the outbox. The payload is the id.
  void enqueue(const std::string& queue, const std::string& prefix, int count) {
    std::vector<NewTask> tasks;
    for (int i = 0; i < count; ++i) {
      const std::string id = prefix + std::to_string(i);
      tasks.push_back({.id = id, .queue = queue, .payload = id});
    }
    value(database->write_blocking(
        [&](data::Transaction& tx) { return broker->enqueue(tx, tasks); }));
    broker->notify();
  }
  std::vector<Lease> lease(const std::string& queue, std::size_t max,
                           milliseconds duration = seconds(10)) {
    return value(await(broker->lease(queue, "worker-1", max, duration)));
  }
  // Takes and completes until the payloads of `count` tasks were completed, whatever fails
  // meanwhile; {payload: how often it was completed}. `between` is called after each claim.
  std::map<std::string, int> work_off(
      const std::string& queue, std::size_t count,
      const std::function<void(std::size_t)>& between = [](std::size_t) {}) {
    std::map<std::string, int> done;
    const Deadline end = Deadline::after(seconds(120));
    while (done.size() < count && !end.passed()) {
      const auto leases = await(broker->lease(queue, "worker-1", 20, seconds(2)));
      if (!leases || leases->empty()) std::this_thread::sleep_for(milliseconds(20));
      if (!leases) continue;
      for (const Lease& lease : *leases) {
        const auto completed = await(broker->complete(lease.ref));
        if (completed && *completed) ++done[lease.payload];
      }
      between(done.size());
    }
    return done;
  }
  [[nodiscard]] bool is_empty(const std::string& queue) {
    return testing::wait_until(
        [&] {
          const auto depths = await(broker->depths());
          if (!depths) return false;
          return std::ranges::none_of(*depths, [&](const QueueDepth& depth) {
            return depth.queue == queue && depth.ready + depth.delayed + depth.leased > 0;
          });
        },
        seconds(30));
  }

  testing::TestDatabase place;
  std::unique_ptr<data::Database> database = open_database(place);

 private:
  ServingLoop serving_;

 public:
  std::unique_ptr<Broker>& broker = serving_.broker;
};

// As a foreign producer does: LPUSH.
inline void push(const testing::RunningRedis& redis, const std::string& queue,
                 const std::vector<std::string>& payloads) {
  std::vector<std::string> words{"LPUSH", queue};
  words.insert(words.end(), payloads.begin(), payloads.end());
  REQUIRE(redis.cli(words).find_first_not_of("0123456789") == std::string::npos);
}
inline std::vector<std::string> numbered(const std::string& prefix, int count) {
  std::vector<std::string> all;
  for (int i = 0; i < count; ++i) all.push_back(prefix + std::to_string(i));
  return all;
}

}  // namespace selvage::work
