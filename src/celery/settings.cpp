#include "celery/settings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "celery/keys.hpp"
#include "work/settings.hpp"
#include "work/worker_id.hpp"

namespace selvage::celery {

namespace {

constexpr std::size_t kMaxQueueName = 180;

constexpr SettingSpec kSpecs[] = {
    {"CELERY_QUEUES", SettingType::list, "", "",
     "Celery queues that the worker role consumes, comma separated; empty: none."},
    {"CELERY_CONCURRENCY", SettingType::integer, "32", "1..4096",
     "Celery tasks that one process runs at once, of each queue."},
    {"CELERY_NODE_NAME", SettingType::text, "", "0..200",
     "Name of the node in events and remote control; without an @ the host's name is added, empty: "
     "selvage@<host>."},
    // Text and not url: the schemes are those of QUEUE_URL.
    {"CELERY_RESULT_BACKEND", SettingType::text, "", "0..2048",
     "Redis that keeps the results (the clients' result_backend); empty: the one of QUEUE_URL."},
    {"CELERY_RESULT_EXPIRES", SettingType::duration, "1d", "0s..365d",
     "How long results are kept (the clients' result_expires); 0: for ever."},
    {"CELERY_RESULT_EXTENDED", SettingType::flag, "false", "",
     "Store name, arguments, worker, retries and queue with each result."},
    {"CELERY_TRACK_STARTED", SettingType::flag, "false", "",
     "Store the state STARTED when a task begins."},
    {"CELERY_TASK_EVENTS", SettingType::flag, "true", "",
     "Send task events for monitors such as celery-exporter and flower."},
    {"CELERY_DEFAULT_QUEUE", SettingType::text, "celery", "1..180",
     "Queue of schedules, callbacks and chain steps that name none (task_default_queue)."},
    {"CELERY_ROUTES", SettingType::list, "", "",
     "Queues of callbacks and chain steps by task name, pattern=queue, comma separated, first "
     "match wins (task_routes)."},
    {"CELERY_KEY_PREFIX", SettingType::text, "", "0..100",
     "The broker's transport option global_keyprefix, when the clients set it."},
    {"CELERY_RESULT_KEY_PREFIX", SettingType::text, "", "0..100",
     "The global_keyprefix of result_backend_transport_options, when the clients set it."},
    {"CELERY_HTTP_TASKS", SettingType::list, "", "",
     "Tasks that are posted to a URL of yours, name=URL, comma separated."},
    {"CELERY_HTTP_TOKEN", SettingType::secret, "", "8..512",
     "Bearer token sent to the URLs of CELERY_HTTP_TASKS."},
    {"CELERY_HTTP_TIMEOUT", SettingType::duration, "60s", "1s..1d",
     "How long a task's URL may take to answer."},
    {"CELERY_HTTP_MAX_RETRIES", SettingType::integer, "5", "0..1000",
     "How often a task is posted again to a URL that is away or busy."},
    {"CELERY_HTTP_MAX_ANSWER", SettingType::bytes, "1MiB", "1KiB..16MiB",
     "Largest answer of a task's URL."},
    {"CELERY_HTTP_ANY_URL", SettingType::flag, "true", "",
     "Register the task `http`, which posts to the URL its sender names (public addresses only)."},
    {"CELERY_GENERATE_TASK", SettingType::text, "generate", "0..255",
     "Name under which Celery clients call the generation of a picture; empty: not at all."},
    {"CELERY_ESTIMATE_TASK", SettingType::text, "estimate_body", "0..255",
     "Name under which Celery clients ask for a body's size; empty: not at all."},
};

std::string node_name(const Settings& settings) {
  const std::string& given = settings.text("CELERY_NODE_NAME");
  if (given.contains('@')) return given;
  return fmt::format("{}@{}", given.empty() ? "selvage" : given, work::host_name());
}

Result<std::vector<std::string>> queue_names(const Settings& settings) {
  std::vector<std::string> names;
  for (const std::string& name : settings.list("CELERY_QUEUES")) {
    if (name.size() > kMaxQueueName || name.contains('\x06') || names.size() == kMaxQueues) {
      return fail(
          ErrorKind::invalid, "celery.queue",
          fmt::format("CELERY_QUEUES: {} cannot be consumed", in_quotes(name)),
          fmt::format("name at most {} queues of at most {} bytes", kMaxQueues, kMaxQueueName));
    }
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return names;
}

bool is_redis(std::string_view url) {
  return starts_with_icase(url, "redis:") || starts_with_icase(url, "rediss:") ||
         starts_with_icase(url, "redis+") || starts_with_icase(url, "rediss+");
}

Result<data::RedisUrl> redis_at(const std::string& setting, const std::string& url) {
  auto parsed = data::RedisUrl::parse(url);
  if (!parsed) return fail(parsed.error().within(setting));
  if (parsed->topology == data::RedisTopology::cluster) {
    return fail(ErrorKind::invalid, "celery.cluster",
                fmt::format("{} is a Redis Cluster, which Celery's clients cannot use", setting),
                "use one server or sentinels for Celery's queues");
  }
  return *parsed;
}

}  // namespace

const SettingSection kCelerySettings{"Celery", kSpecs};

bool has_celery_queues(const Settings& settings) { return !settings.list("CELERY_QUEUES").empty(); }

std::vector<work::QueueForm> celery_queue_forms(const Settings& settings) {
  std::vector<work::QueueForm> forms;
  const std::string& prefix = settings.text("CELERY_KEY_PREFIX");
  for (const std::string& name : settings.list("CELERY_QUEUES")) {
    forms.push_back({.queue = prefix + name, .kind = work::QueueKind::celery});
  }
  return forms;
}

Result<NodeOptions> node_options(const Settings& settings) {
  NodeOptions options{
      .name = node_name(settings), .queues = TRY(queue_names(settings)), .broker = std::nullopt};
  const std::string& queue_url = settings.text("QUEUE_URL");
  const std::string& result_url = settings.text("CELERY_RESULT_BACKEND");
  if (is_redis(queue_url)) {
    options.broker = TRY(redis_at("QUEUE_URL", queue_url));
    if (!result_url.empty() && result_url != queue_url) {
      options.results = TRY(redis_at("CELERY_RESULT_BACKEND", result_url));
    }
  } else if (!result_url.empty()) {
    return fail(ErrorKind::invalid, "celery.result_backend",
                "CELERY_RESULT_BACKEND needs the queues on Redis too",
                "set QUEUE_URL=redis://..., or leave CELERY_RESULT_BACKEND empty");
  }
  options.key_prefix = settings.text("CELERY_KEY_PREFIX");
  options.result_prefix = settings.text("CELERY_RESULT_KEY_PREFIX");
  options.result_expires =
      std::chrono::duration_cast<seconds>(settings.duration("CELERY_RESULT_EXPIRES"));
  options.task_events = settings.flag("CELERY_TASK_EVENTS");
  options.track_started = settings.flag("CELERY_TRACK_STARTED");
  options.extended_results = settings.flag("CELERY_RESULT_EXTENDED");
  options.routes =
      TRY(Routes::parse(settings.text("CELERY_DEFAULT_QUEUE"), settings.list("CELERY_ROUTES")));
  options.worker = work::worker_options(settings);
  options.worker.concurrency = static_cast<std::size_t>(settings.integer("CELERY_CONCURRENCY"));
  options.drain_grace = settings.duration("DRAIN_GRACE");
  return options;
}

Result<std::vector<std::pair<std::string, std::string>>> http_tasks(const Settings& settings) {
  std::vector<std::pair<std::string, std::string>> tasks;
  for (const std::string& text : settings.list("CELERY_HTTP_TASKS")) {
    const std::size_t equals = text.find('=');
    const std::string name(trim(std::string_view(text).substr(0, equals)));
    const std::string url(equals == std::string::npos
                              ? std::string_view()
                              : trim(std::string_view(text).substr(equals + 1)));
    const auto parsed = net::Url::parse(url);
    if (name.empty() || name.size() > kMaxTaskName || !parsed) {
      return fail(ErrorKind::invalid, "celery.http_task",
                  fmt::format("CELERY_HTTP_TASKS: {} is no task", in_quotes(name)),
                  "write name=URL, for example shop.thumbnail=http://thumbnails:8080/run");
    }
    tasks.emplace_back(name, url);
  }
  return tasks;
}

HttpFunctionOptions http_options(const Settings& settings) {
  return {.time_out = settings.duration("CELERY_HTTP_TIMEOUT"),
          .max_retries = static_cast<int>(settings.integer("CELERY_HTTP_MAX_RETRIES")),
          .max_answer = settings.bytes("CELERY_HTTP_MAX_ANSWER")};
}

}  // namespace selvage::celery
