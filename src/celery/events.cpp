#include "celery/events.hpp"

#include <fmt/format.h>
#include <time.h>

#include <array>
#include <cstdlib>
#include <iterator>

#include "base/log.hpp"
#include "celery/detail/envelope.hpp"
#include "celery/detail/json_text.hpp"
#include "celery/detail/python_repr.hpp"

namespace selvage::celery {

namespace {

constexpr std::size_t kMaxRepr = 1'024;       // of a result, as Celery cuts it
constexpr std::size_t kMaxException = 2'000;  // bytes
constexpr std::size_t kMaxTraceback = 8'000;  // bytes

// Hours that the local time is behind UTC, as Python's time.timezone counts.
int hours_west() {
  const std::time_t time = std::time(nullptr);
  std::tm local{};
  localtime_r(&time, &local);
  return static_cast<int>(-local.tm_gmtoff / 3600);
}

// To the microsecond, as Celery dates its own: monitors make durations of the differences.
double time_of_day() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string load_averages() {
  std::array<double, 3> loads{};
  if (getloadavg(loads.data(), static_cast<int>(loads.size())) < 0) loads = {};
  return fmt::format("[{:.2f}, {:.2f}, {:.2f}]", loads[0], loads[1], loads[2]);
}

std::string common_members(const NodeState& node) {
  std::string text = ", \"hostname\": ";
  append_json_string(text, node.name());
  return fmt::format("{}, \"pid\": {}, \"utcoffset\": {}", text, node.pid(), hours_west());
}

}  // namespace

// One event, as JSON text.
class Events::Event {
 public:
  Event(Events& events, std::string_view type) {
    fmt::format_to(std::back_inserter(text_),
                   R"({{"type": "{}", "timestamp": {:.6f}, "clock": {}{})", type, time_of_day(),
                   events.node_.clock.forward(), events.common_);
  }
  Event& text(std::string_view key, std::string_view v) {
    begin(key);
    append_json_string(text_, v);
    return *this;
  }
  Event& text_or_null(std::string_view key, std::string_view v) {
    return v.empty() ? json(key, "null") : text(key, v);
  }
  Event& json(std::string_view key, std::string_view v) {
    begin(key);
    text_ += v;
    return *this;
  }
  [[nodiscard]] std::string take() {
    text_ += '}';
    return std::move(text_);
  }

 private:
  void begin(std::string_view key) { fmt::format_to(std::back_inserter(text_), ", \"{}\": ", key); }
  std::string text_;
};

Events::Events(data::Redis* redis, const Keys& keys, NodeState& node, Registry& metrics)
    : redis_(redis),
      keys_(keys),
      node_(node),
      dropped_(metrics.counter("selvage_celery_events_dropped_total",
                               "Celery task events that could not be sent")),
      common_(common_members(node)) {}

void Events::received(const Message& message, std::string_view queue, int retries) {
  if (!node_.task_events) return;
  Event event(*this, "task-received");
  event.text("uuid", message.id)
      .text("name", message.task)
      .text("args", message.args_repr)
      .text("kwargs", message.kwargs_repr)
      .text("root_id", message.root_id)
      .text_or_null("parent_id", message.parent_id)
      .json("retries", fmt::format("{}", retries))
      .text_or_null("eta", message.eta ? to_isoformat(*message.eta) : "")
      .text_or_null("expires", message.expires ? to_isoformat(*message.expires) : "")
      .text("queue", queue);
  add(std::move(event));
}

void Events::started(std::string_view id) {
  if (!node_.task_events) return;
  Event event(*this, "task-started");
  event.text("uuid", id);
  add(std::move(event));
}

void Events::succeeded(std::string_view id, std::string_view result, double runtime) {
  if (!node_.task_events) return;
  Event event(*this, "task-succeeded");
  event.text("uuid", id)
      .text("result", python_repr(result, kMaxRepr))
      .json("runtime", fmt::format("{:.6f}", runtime));
  add(std::move(event));
}

void Events::failed(std::string_view id, std::string_view exception, std::string_view traceback) {
  if (!node_.task_events) return;
  Event event(*this, "task-failed");
  event.text("uuid", id)
      .text("exception", exception.substr(0, kMaxException))
      .text("traceback", traceback.substr(0, kMaxTraceback));
  add(std::move(event));
}

void Events::retried(std::string_view id, std::string_view exception, std::string_view traceback) {
  if (!node_.task_events) return;
  Event event(*this, "task-retried");
  event.text("uuid", id)
      .text("exception", exception.substr(0, kMaxException))
      .text("traceback", traceback.substr(0, kMaxTraceback));
  add(std::move(event));
}

void Events::revoked(std::string_view id, bool terminated, bool expired) {
  if (!node_.task_events) return;
  Event event(*this, "task-revoked");
  event.text("uuid", id)
      .json("terminated", terminated ? "true" : "false")
      .json("signum", terminated ? "15" : "null")
      .json("expired", expired ? "true" : "false");
  add(std::move(event));
}

void Events::rejected(std::string_view id, bool requeue) {
  if (!node_.task_events) return;
  Event event(*this, "task-rejected");
  event.text("uuid", id).json("requeue", requeue ? "true" : "false");
  add(std::move(event));
}

void Events::add(Event event) {
  if (redis_ == nullptr) return;
  if (count_ + unsent_ >= kMaxPending) {
    dropped_.add();
    return;
  }
  if (count_ > 0) pending_ += ", ";
  pending_ += event.take();
  if (++count_ >= kBatch) flush();
}

void Events::flush() {
  if (count_ == 0) return;
  const std::string body = '[' + std::exchange(pending_, {}) + ']';
  JsonObject headers;
  headers.text("hostname", node_.name());
  std::string message =
      make_envelope(body, headers.take(), {.exchange = "celeryev", .routing_key = "task.multi"});
  unsent_ += count_;
  sending_.spawn(publish(keys_.events("task-multi"), std::move(message), std::exchange(count_, 0)),
                 "events");
}

Task<void> Events::publish(std::string channel, std::string message, std::size_t events) {
  const auto sent = co_await redis_->send(data::RedisCommand("PUBLISH").arg(channel).arg(message));
  unsent_ -= events;
  if (sent) co_return;
  dropped_.add(events);
  log::debug("celery_events_dropped",
             {{"events", events}, {"error", std::string_view(sent.error().code)}});
}

void Events::send_worker_event(std::string_view type) {
  if (redis_ == nullptr) return;
  Event event(*this, type);
  event.json("freq", "2.0")
      .json("active", fmt::format("{}", node_.active().size()))
      .json("processed", fmt::format("{}", node_.processed()))
      .json("loadavg", load_averages())
      .text("sw_ident", "selvage")
      .text("sw_ver", "1")
      .text("sw_sys", "Linux");
  JsonObject headers;
  headers.text("hostname", node_.name());
  std::string routing_key(type);
  std::ranges::replace(routing_key, '-', '.');
  sending_.spawn(publish(keys_.events(type),
                         make_envelope(event.take(), headers.take(),
                                       {.exchange = "celeryev", .routing_key = routing_key}),
                         0),
                 "worker event");
}

void Events::beat() { send_worker_event("worker-heartbeat"); }

Task<void> Events::flush_often(CancelToken stop) {
  while (co_await net::sleep_for(kFlushEvery, stop)) flush();
}

Task<void> Events::run(CancelToken stop) {
  send_worker_event("worker-online");
  TaskGroup flushing;
  flushing.spawn(flush_often(stop), "event batches");
  while (co_await net::sleep_for(kHeartbeat, stop)) beat();
  co_await flushing.join();
  flush();
  send_worker_event("worker-offline");
  co_await sending_.join();
}

}  // namespace selvage::celery
