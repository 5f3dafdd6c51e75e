// What `celery inspect` asks.
#include <fmt/format.h>
#include <sys/resource.h>

#include <boost/json.hpp>

#include "base/log.hpp"
#include "base/text.hpp"
#include "celery/detail/control_methods.hpp"
#include "celery/detail/json_text.hpp"
#include "celery/message.hpp"

namespace selvage::celery {

namespace {

constexpr std::size_t kMaxShownArguments = 4'096;  // bytes of a task's args; longer: their repr
constexpr std::size_t kMaxAnswer = 8U << 20U;      // bytes; what does not fit is left out
constexpr std::size_t kMaxScheduled = 1'000;       // delayed tasks listed

// A JSON array that stays within kMaxAnswer.
class List {
 public:
  void add(std::string_view json) {
    if (out_.size() + json.size() > kMaxAnswer) return;
    if (out_.size() > 1) out_ += ", ";
    out_ += json;
  }
  void add_text(std::string_view text) {
    std::string quoted;
    append_json_string(quoted, text);
    add(quoted);
  }
  std::string take() { return std::move(out_ += ']'); }

 private:
  std::string out_ = "[";
};

std::string place_of(const Message& message, std::string_view queue) {
  JsonObject place;
  place.text("exchange", message.exchange)
      .text("routing_key", message.routing_key.empty() ? queue : message.routing_key)
      .number("priority", message.priority)
      .flag("redelivered", message.redelivered);
  return place.take();
}

// Kombu's description of a direct queue.
std::string queue_info(std::string_view name) {
  JsonObject exchange;
  exchange.text("name", name)
      .text("type", "direct")
      .json("arguments", "null")
      .flag("durable", true)
      .flag("passive", false)
      .flag("auto_delete", false)
      .json("delivery_mode", "null")
      .flag("no_declare", false);
  JsonObject queue;
  queue.text("name", name).json("exchange", exchange.take()).text("routing_key", name);
  for (const char* none :
       {"queue_arguments", "binding_arguments", "consumer_arguments", "alias", "no_declare",
        "expires", "message_ttl", "max_length", "max_length_bytes", "max_priority"}) {
    queue.json(none, "null");
  }
  queue.flag("durable", true)
      .flag("exclusive", false)
      .flag("auto_delete", false)
      .flag("no_ack", false)
      .json("bindings", "[]");
  return queue.take();
}

std::string resources() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds_of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  JsonObject all;
  all.decimal("utime", seconds_of(used.ru_utime))
      .decimal("stime", seconds_of(used.ru_stime))
      .number("maxrss", used.ru_maxrss)
      .number("minflt", used.ru_minflt)
      .number("majflt", used.ru_majflt)
      .number("nvcsw", used.ru_nvcsw)
      .number("nivcsw", used.ru_nivcsw);
  return all.take();
}

std::string pool_info(const ControlParts& parts) {
  std::size_t places = 0;
  for (const ConsumedQueue& queue : parts.actions.queues()) places += queue.concurrency;
  JsonObject pool;
  pool.text("implementation", "selvage:coroutines")
      .number("max-concurrency", static_cast<std::int64_t>(places))
      .json("processes", fmt::format("[{}]", parts.node.pid()))
      .text("max-tasks-per-child", "N/A")
      .flag("put-guarded-by-semaphore", false)
      .json("timeouts", fmt::format("[0, {}]", parts.time_limit.count() / 1000));
  return pool.take();
}

}  // namespace

std::string request_info(const ControlParts& parts, const ActiveTask& task) {
  const Message& message = task.message;
  const bool shown = message.args.size() + message.kwargs.size() <= kMaxShownArguments;
  JsonObject info;
  info.text("id", message.id).text("name", message.task);
  if (shown) {
    info.json("args", message.args).json("kwargs", message.kwargs);
  } else {
    info.text("args", message.args_repr).text("kwargs", message.kwargs_repr);
  }
  info.text("type", message.task)
      .text("hostname", parts.node.name())
      .decimal("time_start", static_cast<double>(to_unix_ms(task.started)) / 1000.0)
      .flag("acknowledged", false)
      .json("delivery_info", place_of(message, task.queue))
      .number("worker_pid", parts.node.pid());
  return info.take();
}

Task<MethodAnswer> inspect_ping(ControlParts&, const json::object&) { co_return ok_answer("pong"); }

Task<MethodAnswer> inspect_active(ControlParts& parts, const json::object&) {
  List list;
  for (const auto& [id, task] : parts.node.active()) list.add(request_info(parts, *task));
  co_return list.take();
}

// Nothing is taken before there is a place to run it.
Task<MethodAnswer> inspect_reserved(ControlParts&, const json::object&) { co_return "[]"; }

Task<MethodAnswer> inspect_scheduled(ControlParts& parts, const json::object&) {
  List list;
  const DelayedTasks delayed = co_await parts.actions.delayed(kMaxScheduled);
  if (delayed.more) {
    log::info("celery_scheduled_cut",
              {{"listed", delayed.payloads.size()},
               {"hint", "more tasks wait for their time; selvage queue ls counts them all"}});
  }
  for (const std::string& payload : delayed.payloads) {
    const auto message = parse_message(payload);
    if (!message || !message->eta) continue;
    const ActiveTask waiting{.message = *message, .queue = message->routing_key, .started = {}};
    JsonObject entry;
    entry.text("eta", to_isoformat(*message->eta))
        .number("priority", message->priority)
        .json("request", request_info(parts, waiting));
    list.add(entry.take());
  }
  co_return list.take();
}

Task<MethodAnswer> inspect_revoked(ControlParts& parts, const json::object&) {
  parts.node.revoked.forget_old(now());
  List list;
  for (const auto& [id, when] : parts.node.revoked.all()) list.add_text(id);
  co_return list.take();
}

Task<MethodAnswer> inspect_registered(ControlParts& parts, const json::object& arguments) {
  const json::value* builtins = arguments.if_contains("builtins");
  const bool all = builtins != nullptr && builtins->is_bool() && builtins->get_bool();
  List list;
  for (const std::string& name : parts.functions.names()) {
    if (all || !name.starts_with("celery.")) list.add_text(name);
  }
  co_return list.take();
}

Task<MethodAnswer> inspect_stats(ControlParts& parts, const json::object&) {
  JsonObject totals;
  for (const auto& [task, count] : parts.node.totals()) {
    totals.number(task, static_cast<std::int64_t>(count));
  }
  JsonObject stats;
  stats.json("total", totals.take())
      .number("pid", parts.node.pid())
      .text("clock", fmt::format("{}", parts.node.clock.value()))
      .number("uptime", parts.node.uptime().count())
      .json("pool", pool_info(parts))
      .json("broker", parts.broker)
      .number("prefetch_count", 0)
      .json("rusage", resources());
  co_return stats.take();
}

Task<MethodAnswer> inspect_active_queues(ControlParts& parts, const json::object&) {
  List list;
  for (const ConsumedQueue& queue : parts.actions.queues()) list.add(queue_info(queue.name));
  co_return list.take();
}

Task<MethodAnswer> inspect_query_task(ControlParts& parts, const json::object& arguments) {
  JsonObject found;
  for (const std::string& id : ids_argument(arguments, "ids")) {
    const auto task = parts.node.active().find(id);
    if (task == parts.node.active().end()) continue;
    found.json(id, "[\"active\", " + request_info(parts, *task->second) + ']');
  }
  co_return found.take();
}

Task<MethodAnswer> inspect_conf(ControlParts& parts, const json::object&) {
  co_return parts.actions.configuration();
}

Task<MethodAnswer> inspect_report(ControlParts& parts, const json::object&) {
  co_return ok_answer(fmt::format(
      "\nsoftware -> selvage:{}\nplatform -> a native worker, no Python\nloader -> functions "
      "registered in the program and CELERY_HTTP_TASKS\nsettings -> transport:redis "
      "results:redis\n",
      parts.version));
}

Task<MethodAnswer> inspect_clock(ControlParts& parts, const json::object&) {
  JsonObject answer;
  answer.number("clock", parts.node.clock.value());
  co_return answer.take();
}

// A worker that starts asks its peers what was revoked; it measures age by the monotonic clock.
Task<MethodAnswer> inspect_hello(ControlParts& parts, const json::object& arguments) {
  if (text_argument(arguments, "from_node") == parts.node.name()) co_return "null";
  if (const json::value* theirs = arguments.if_contains("revoked");
      theirs != nullptr && theirs->is_object()) {
    for (const auto& [id, inserted] : theirs->get_object()) {
      parts.node.revoked.add(std::string(id), now());
    }
  }
  parts.node.revoked.forget_old(now());
  const double monotonic = std::chrono::duration<double>(steady_now().time_since_epoch()).count();
  JsonObject revoked;
  for (const auto& [id, when] : parts.node.revoked.all()) {
    const double age = std::chrono::duration<double>(now() - when).count();
    revoked.json(id, fmt::format("{:.3f}", std::max(monotonic - age, 0.0)));
  }
  JsonObject answer;
  answer.json("revoked", revoked.take()).number("clock", parts.node.clock.forward());
  co_return answer.take();
}

}  // namespace selvage::celery
