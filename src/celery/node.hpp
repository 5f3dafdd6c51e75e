// Node: a Celery worker node: its queues with a worker each, results, events, remote control.
//
// With a queue elsewhere than on Redis there are no results, no events and no remote control;
// tasks run all the same (what the scheduler fires on the embedded queue).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/metrics.hpp"
#include "celery/function.hpp"
#include "celery/routes.hpp"
#include "data/database.hpp"
#include "data/redis_url.hpp"
#include "net/loop.hpp"
#include "work/broker.hpp"
#include "work/worker.hpp"

namespace selvage::celery {

inline constexpr std::size_t kMaxQueues = 64;

struct NodeOptions {
  std::string name;                         // "selvage@host"
  std::vector<std::string> queues;          // as Celery names them
  std::optional<data::RedisUrl> broker;     // of the queues; none: they are not on Redis
  std::optional<data::RedisUrl> results{};  // none: where the queues are
  std::string key_prefix{};
  std::string result_prefix{};
  seconds result_expires{86'400};
  bool task_events = true;
  bool track_started = false;
  bool extended_results = false;
  Routes routes{};
  work::WorkerOptions worker{};  // of each queue; its id and queue are filled in
  milliseconds drain_grace{30'000};
};

struct NodeParts {
  net::Loop& loop;  // the broker's home
  work::Broker& broker;
  data::Database* records = nullptr;  // where workers report to the table `workers`; may be null
  Functions functions;
  Registry& metrics;
  std::string version;
  std::function<void()> on_shut_down;  // `celery control shutdown`
};

// On the loop.
class Node {
 public:
  Node(NodeParts parts, NodeOptions options);
  ~Node();
  // Works until drained. Awaited once.
  [[nodiscard]] Task<void> run();
  // Stops taking; running tasks get `grace`, then are handed back. Again with less to hurry.
  void drain(milliseconds grace);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace selvage::celery
