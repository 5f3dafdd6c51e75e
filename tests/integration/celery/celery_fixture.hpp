// A Celery node on a thread of its own, with a real Redis for results, events and remote control.
// Its tasks come from the embedded queue, so that what is tested here is the node, not the queue.
#pragma once

#include <atomic>
#include <boost/json.hpp>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "base/json.hpp"
#include "base/log.hpp"
#include "celery/function.hpp"
#include "celery/make_message.hpp"
#include "celery/node.hpp"
#include "integration/work/queue_fixture.hpp"
#include "support/eventually.hpp"
#include "support/running_redis.hpp"

namespace selvage::celery {

inline const bool kQuietCeleryLogs = (log::configure(log::Level::error, log::Format::json), true);

using testing::RunningRedis;

using testing::eventually;

inline json::value parsed_json(std::string_view text) {
  return boost::json::parse({text.data(), text.size()});
}

// How often each task ran, and with what.
struct Calls {
  std::mutex mutex;
  std::map<std::string, int> of;
  int count(const std::string& id) {
    const std::scoped_lock lock(mutex);
    return of[id];
  }
  void note(const std::string& id) {
    const std::scoped_lock lock(mutex);
    ++of[id];
  }
};

namespace functions {

inline Task<FunctionResult> echo(std::shared_ptr<Calls> calls, TaskCall call) {
  calls->note(call.id());
  co_return Returned{call.message.args};
}
inline Task<FunctionResult> add(TaskCall call) {
  std::int64_t sum = 0;
  for (const json::value& n : parsed_json(call.message.args).get_array()) {
    if (n.is_array()) {
      for (const json::value& inner : n.get_array()) sum += inner.to_number<std::int64_t>();
    } else {
      sum += n.to_number<std::int64_t>();
    }
  }
  co_return Returned{std::to_string(sum)};
}
inline Task<FunctionResult> boom(TaskCall) {
  co_return Raised{.type = "ValueError", .message = "boom"};
}
inline Task<FunctionResult> third_time(TaskCall call) {
  if (call.retries < 2) {
    co_return Again{milliseconds(20), {.type = "ConnectionError", .message = "away"}};
  }
  co_return Returned{std::to_string(call.retries)};
}
inline Task<FunctionResult> sleep(TaskCall call) {
  if (co_await net::sleep_for(seconds(60), call.stop)) co_return Returned{"\"slept\""};
  co_return Stopped{};
}
inline Task<FunctionResult> slow_steps(TaskCall call) {
  co_await call.progress.report("PROGRESS", R"({"done": 1, "of": 2})");
  (void)co_await net::sleep_for(seconds(60), call.stop);
  co_return Returned{"2"};
}
inline Task<FunctionResult> crash(TaskCall) {
  throw std::runtime_error("index out of range");
  co_return Returned{"null"};
}

}  // namespace functions

class CeleryWorld {
 public:
  explicit CeleryWorld(bool on_redis = true) : on_redis_(on_redis) {
    functions_.add("echo", [calls = calls] [[clang::coro_wrapper]] (TaskCall call) {
      return functions::echo(calls, std::move(call));
    });
    functions_.add("add", functions::add);
    functions_.add("boom", functions::boom);
    functions_.add("third_time", functions::third_time);
    functions_.add("sleep", functions::sleep);
    functions_.add("slow_steps", functions::slow_steps);
    functions_.add("crash", functions::crash);
  }
  ~CeleryWorld() { stop(milliseconds(0)); }

  NodeOptions options() {
    NodeOptions options{.name = "selvage@test", .queues = {"celery"}, .broker = std::nullopt};
    if (on_redis_) {
      auto url = data::RedisUrl::parse(redis.url("/0"));
      REQUIRE(url.has_value());
      options.broker = *url;
    }
    options.worker = {.concurrency = 8,
                      .lease_time = seconds(5),
                      .time_limit = seconds(20),
                      .max_deliveries = 3,
                      .error_wait = milliseconds(100),
                      .poll = milliseconds(50)};
    options.drain_grace = seconds(5);
    return options;
  }
  void start() { start(options()); }
  void start(NodeOptions options) {
    REQUIRE_FALSE(thread_.joinable());
    loop_ = std::make_unique<net::Loop>();
    node_ = std::make_unique<Node>(NodeParts{.loop = *loop_,
                                             .broker = *queue.broker,
                                             .records = queue.database.get(),
                                             .functions = functions_,
                                             .metrics = metrics,
                                             .version = "0",
                                             .on_shut_down =
                                                 [this] {
                                                   ++shut_downs;
                                                   node_->drain(milliseconds(0));
                                                 }},
                                   std::move(options));
    thread_ = std::thread([this] { loop_->run_until_done(node_->run()); });
  }
  void drain(milliseconds grace) {
    loop_->post([this, grace] { node_->drain(grace); });
  }
  void stop(milliseconds grace = seconds(5)) {
    if (!thread_.joinable()) return;
    drain(grace);
    thread_.join();
    node_.reset();
    loop_.reset();
  }

  // Puts a task of Celery's on the queue; answers its id.
  std::string send(std::string_view task, std::string_view args = "[]", MessageOptions options = {},
                   std::string_view kwargs = "{}") {
    const int priority = options.priority;
    const auto made = make_message(task, args, kwargs, options);
    REQUIRE_MESSAGE(made.has_value(), made.error().describe());
    push(made->id, made->text, priority);
    return made->id;
  }
  void push(std::string id, std::string payload, int priority = 0) {
    queue.enqueue({{.id = std::move(id),
                    .queue = "celery",
                    .payload = std::move(payload),
                    .priority = priority}});
  }

  // The stored result, or null.
  json::value result(const std::string& id) {
    const std::string text = redis.cli({"GET", "celery-task-meta-" + id});
    return text.empty() ? json::value() : parsed_json(text);
  }
  std::string state(const std::string& id) {
    const json::value stored = result(id);
    return stored.is_null() ? "PENDING" : std::string(stored.at("status").get_string());
  }
  bool reaches(const std::string& id, std::string_view wanted) {
    return eventually([&] { return state(id) == wanted; });
  }
  // What the node published to a queue's list, oldest first.
  std::vector<Message> published(const std::string& list = "celery") {
    std::vector<Message> messages;
    std::istringstream lines(redis.cli({"LRANGE", list, "0", "-1"}));
    for (std::string line; std::getline(lines, line);) {
      if (line.empty()) continue;
      auto message = parse_message(line);
      REQUIRE_MESSAGE(message.has_value(), message.error().describe());
      messages.insert(messages.begin(), std::move(*message));
    }
    return messages;
  }
  // Takes what was published and runs it here.
  std::size_t run_published() {
    std::size_t moved = 0;
    while (true) {
      const std::string text = redis.cli({"RPOP", "celery"});
      if (text.empty()) return moved;
      auto message = parse_message(text);
      REQUIRE(message.has_value());
      push(message->id, text);
      ++moved;
    }
  }
  std::optional<work::TaskView> find(const std::string& id) {
    return work::value(work::await(queue.broker->find("celery", id)));
  }

  work::QueueFixture queue;
  RunningRedis redis;
  Registry metrics;
  std::shared_ptr<Calls> calls = std::make_shared<Calls>();
  std::atomic<int> shut_downs = 0;

 private:
  const bool on_redis_;
  Functions functions_;
  std::unique_ptr<net::Loop> loop_;
  std::unique_ptr<Node> node_;
  std::thread thread_;
};

}  // namespace selvage::celery
