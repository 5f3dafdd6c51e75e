// Events: what Celery's monitors (events, flower, celery-exporter) listen to.
//
// Task events are gathered and sent as one `task.multi` message at least every half second; worker
// events go at once. They are told once and to whoever listens: what cannot be sent is dropped and
// counted, and at most kMaxPending wait. Lives on the client's loop.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/metrics.hpp"
#include "base/task_group.hpp"
#include "celery/keys.hpp"
#include "celery/message.hpp"
#include "celery/node_state.hpp"
#include "data/redis.hpp"

namespace selvage::celery {

class Events {
 public:
  static constexpr std::size_t kMaxPending = 10'000;  // events
  static constexpr std::size_t kBatch = 500;          // events in one message
  static constexpr milliseconds kFlushEvery{500};
  static constexpr milliseconds kHeartbeat{2'000};

  // All outlive it. Without a client nothing is sent, and run() must not be called. The heartbeat
  // says how many tasks run and were processed.
  Events(data::Redis* redis, const Keys& keys, NodeState& node, Registry& metrics);

  void received(const Message& message, std::string_view queue, int retries);
  void started(std::string_view id);
  // `result` is JSON.
  void succeeded(std::string_view id, std::string_view result, double runtime);
  // `exception` as Python shows it: "ValueError('boom')".
  void failed(std::string_view id, std::string_view exception, std::string_view traceback);
  void retried(std::string_view id, std::string_view exception, std::string_view traceback);
  void revoked(std::string_view id, bool terminated, bool expired);
  void rejected(std::string_view id, bool requeue);

  // Says that the worker is there, until cancelled; then that it is gone.
  [[nodiscard]] Task<void> run(CancelToken stop);
  // A heartbeat now.
  void beat();

 private:
  class Event;
  void add(Event event);
  void flush();
  void send_worker_event(std::string_view type);
  Task<void> publish(std::string channel, std::string message, std::size_t events);
  Task<void> flush_often(CancelToken stop);

  data::Redis* redis_;
  const Keys& keys_;
  NodeState& node_;
  Counter& dropped_;
  std::string common_;   // the members every event has
  std::string pending_;  // JSON, without the brackets around it
  std::size_t count_ = 0;
  std::size_t unsent_ = 0;  // on their way
  TaskGroup sending_;
};

}  // namespace selvage::celery
