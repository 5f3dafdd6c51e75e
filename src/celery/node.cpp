#include "celery/node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/log.hpp"
#include "base/task_group.hpp"
#include "celery/detail/consumer.hpp"
#include "celery/detail/json_text.hpp"
#include "celery/events.hpp"
#include "celery/handler.hpp"
#include "celery/no_results.hpp"
#include "celery/redis_results.hpp"
#include "celery/remote_control.hpp"
#include "work/worker_id.hpp"

namespace selvage::celery {

namespace {

constexpr std::size_t kMostPlaces = 4096;

data::RedisOptions client_options() { return {.slot_key = {}, .client_name = "selvage-celery"}; }

std::string broker_info(const std::optional<data::RedisUrl>& url) {
  JsonObject info;
  if (url) {
    info.text("hostname", url->seeds.front().host)
        .number("port", url->seeds.front().port)
        .text("virtual_host", fmt::format("{}", url->db))
        .flag("ssl", url->tls);
  }
  info.text("transport", url ? "redis" : "embedded");
  return info.take();
}

// Of several queues' tasks those that one answer may hold. True: others were left out.
bool keep_soonest(std::vector<work::TaskView>& tasks, std::size_t limit) {
  std::ranges::sort(tasks, {}, &work::TaskView::run_at);
  std::size_t kept = 0;
  for (std::size_t bytes = 0; kept < std::min(tasks.size(), limit); ++kept) {
    bytes += tasks[kept].payload.size();
    if (bytes > work::kMaxSoonestBytes) break;
  }
  const bool left_out = kept < tasks.size();
  tasks.erase(tasks.begin() + static_cast<std::ptrdiff_t>(kept), tasks.end());
  return left_out;
}

}  // namespace

// What there is only with a queue on Redis.
struct RedisParts {
  RedisParts(net::Loop& loop, const NodeOptions& options, const Keys& keys, NodeState& state)
      : commands(loop, *options.broker, client_options()),
        control_channel(loop, *options.broker, {keys.control()}, {}),
        revoked(commands, keys, state.revoked) {
    if (options.results) results_elsewhere.emplace(loop, *options.results, client_options());
    results.emplace(results_elsewhere ? *results_elsewhere : commands, commands, keys,
                    options.result_expires);
  }

  data::Redis commands;
  std::optional<data::Redis> results_elsewhere;
  data::RedisSubscription control_channel;
  RevokedStore revoked;
  std::optional<RedisResults> results;
};

struct Node::Impl final : NodeActions {
  Impl(NodeParts given, NodeOptions wanted)
      : parts(std::move(given)),
        options(std::move(wanted)),
        keys(options.key_prefix, options.result_prefix, options.broker ? options.broker->db : 0),
        state(options.name),
        up(parts.metrics.gauge("celery_worker_up", "1 while the worker takes or runs tasks",
                               {{"hostname", work::host_name()}})),
        drained(parts.loop) {
    if (options.broker) redis.emplace(parts.loop, options, keys, state);
    state.task_events = options.task_events && redis;
    events.emplace(redis ? &redis->commands : nullptr, keys, state, parts.metrics);
    handler.emplace(
        HandlerParts{.functions = parts.functions,
                     .results = redis ? static_cast<ResultStore&>(*redis->results) : nothing_kept,
                     .routes = options.routes,
                     .events = *events,
                     .node = state,
                     .metrics = parts.metrics,
                     .key_prefix = options.key_prefix,
                     .track_started = options.track_started,
                     .extended_results = options.extended_results});
  }

  Task<void> run() {
    up.set(1);
    TaskGroup beside;
    CancelSource stop_control;
    CancelSource stop_events;
    std::optional<RemoteControl> control;
    if (redis) {
      co_await redis->revoked.recall();
      control.emplace(ControlParts{.node = state,
                                   .events = *events,
                                   .revoked = redis->revoked,
                                   .functions = parts.functions,
                                   .actions = *this,
                                   .version = parts.version,
                                   .broker = broker_info(options.broker),
                                   .time_limit = options.worker.time_limit},
                      redis->commands, keys);
      beside.spawn(
          control->run(
              redis->control_channel, [this] { upkeep.spawn(declare_queues(), "celery queues"); },
              stop_control.token()),
          "remote control");
      beside.spawn(events->run(stop_events.token()), "celery events");
    }
    log::info("celery_node_started", {{"node", state.name()}, {"queues", queue_list()}});
    if (!draining) {
      for (const std::string& queue : options.queues) (void)consume(queue);
    }
    while (!draining || !consumers.empty()) co_await drained.wait(seconds(60));
    co_await running.join();
    stop_control.cancel();
    stop_events.cancel();
    co_await beside.join();
    co_await upkeep.join();
    if (redis) co_await close_redis();
    up.set(0);
    log::info("celery_node_stopped", {{"node", state.name()}});
  }

  void drain(milliseconds grace) {
    draining = true;
    for (auto& [name, consumer] : consumers) consumer->worker.drain(grace);
    drained.set();
  }

  // Makes the queues known to clients that publish by exchange, and catches up on revocations
  // that were broadcast while nobody listened.
  Task<void> declare_queues() {
    std::vector<data::RedisCommand> commands;
    for (const ConsumedQueue& queue : queues()) {
      commands.push_back(
          data::RedisCommand("SADD").arg(keys.bindings(queue.name)).arg(Keys::binding(queue.name)));
    }
    if (!commands.empty()) {
      const auto declared = co_await redis->commands.transaction(std::move(commands));
      if (!declared) log::warning("celery_queues_not_declared", declared.error());
    }
    co_await redis->revoked.recall();
  }

  Task<void> run_consumer(std::string name) {
    Consumer& consumer = *consumers.at(name);
    co_await consumer.run();
    consumers.erase(name);
    drained.set();
  }

  Task<void> close_redis() {
    co_await redis->results->close();
    if (redis->results_elsewhere) co_await redis->results_elsewhere->close();
    co_await redis->commands.close();
  }

  std::string queue_list() const { return fmt::format("{}", fmt::join(options.queues, ",")); }

  // NodeActions
  std::vector<ConsumedQueue> queues() const override {
    std::vector<ConsumedQueue> all;
    for (const auto& [name, consumer] : consumers) {
      if (consumer->ending) continue;
      all.push_back({.name = name, .concurrency = consumer->worker.status().concurrency});
    }
    return all;
  }

  Result<void> consume(const std::string& queue) override {
    if (draining) return fail(ErrorKind::unavailable, "celery.draining", "the node is stopping");
    if (const auto known = consumers.find(queue); known != consumers.end()) {
      if (!known->second->ending) return {};
      return fail(ErrorKind::conflict, "celery.queue_ending",
                  fmt::format("tasks of {} are still running since it was cancelled", queue));
    }
    // how the broker reads a queue is settled when the process starts
    if (std::ranges::find(options.queues, queue) == options.queues.end()) {
      return fail(ErrorKind::invalid, "celery.queue",
                  fmt::format("{} is not in CELERY_QUEUES of this worker", queue));
    }
    work::WorkerOptions worker = options.worker;
    worker.id = work::new_worker_id();
    worker.queue = keys.queue(queue);
    consumers.emplace(queue, std::make_unique<Consumer>(ConsumerParts{.loop = parts.loop,
                                                                      .broker = parts.broker,
                                                                      .records = parts.records,
                                                                      .metrics = parts.metrics,
                                                                      .version = parts.version},
                                                        *handler, std::move(worker)));
    running.spawn(run_consumer(queue), "celery consumer");
    if (redis) upkeep.spawn(declare_queues(), "celery queues");
    return {};
  }

  Result<void> stop_consuming(const std::string& queue) override {
    const auto known = consumers.find(queue);
    if (known == consumers.end()) {
      return fail(ErrorKind::not_found, "celery.queue", fmt::format("{} is not consumed", queue));
    }
    known->second->ending = true;
    known->second->worker.drain(options.drain_grace);
    return {};
  }

  Result<void> grow(int by) override {
    for (const auto& [name, consumer] : consumers) {
      const auto places = static_cast<std::int64_t>(consumer->worker.status().concurrency) + by;
      if (places < 1 || places > static_cast<std::int64_t>(kMostPlaces)) {
        return fail(ErrorKind::invalid, "celery.places",
                    fmt::format("a queue runs 1 to {} tasks at once", kMostPlaces));
      }
    }
    for (auto& [name, consumer] : consumers) {
      const auto places = static_cast<std::int64_t>(consumer->worker.status().concurrency) + by;
      consumer->worker.set_concurrency(static_cast<std::size_t>(places));
    }
    return {};
  }

  void shut_down() override {
    if (parts.on_shut_down) parts.on_shut_down();
  }

  Task<DelayedTasks> delayed(std::size_t limit) override {
    std::vector<work::TaskView> soonest;
    DelayedTasks answer;
    for (const std::string& name : options.queues) {
      auto tasks = co_await parts.broker.soonest(keys.queue(name), limit);
      if (!tasks) {
        log::warning("celery_scheduled_not_read", tasks.error(), {{"queue", name}});
        continue;
      }
      std::ranges::move(tasks->tasks, std::back_inserter(soonest));
      const bool left_out = keep_soonest(soonest, limit);
      answer.more = answer.more || tasks->more || left_out;
    }
    for (work::TaskView& task : soonest) answer.payloads.push_back(std::move(task.payload));
    co_return answer;
  }

  std::string configuration() const override {
    JsonObject conf;
    conf.text("task_default_queue", options.routes.default_queue)
        .flag("task_acks_late", true)
        .flag("task_track_started", options.track_started)
        .text("task_serializer", "json")
        .text("result_serializer", "json")
        .number("result_expires", options.result_expires.count())
        .flag("result_extended", options.extended_results)
        .flag("worker_send_task_events", state.task_events)
        .number("worker_concurrency", static_cast<std::int64_t>(options.worker.concurrency))
        .number("worker_prefetch_multiplier", 0)
        .number("task_time_limit", options.worker.time_limit.count() / 1000);
    return conf.take();
  }

  NodeParts parts;
  const NodeOptions options;
  const Keys keys;
  NodeState state;
  NoResults nothing_kept;
  Gauge& up;
  std::optional<RedisParts> redis;
  std::optional<Events> events;
  std::optional<CeleryHandler> handler;
  std::map<std::string, std::unique_ptr<Consumer>> consumers;
  bool draining = false;
  net::Signal drained;
  TaskGroup running;  // the consumers
  TaskGroup upkeep;
};

Node::Node(NodeParts parts, NodeOptions options)
    : impl_(std::make_unique<Impl>(std::move(parts), std::move(options))) {}

Node::~Node() = default;

[[clang::coro_wrapper]] Task<void> Node::run() { return impl_->run(); }

void Node::drain(milliseconds grace) { impl_->drain(grace); }

}  // namespace selvage::celery
