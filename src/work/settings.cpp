#include "work/settings.hpp"

#include "work/worker_id.hpp"

namespace selvage::work {

namespace {

constexpr SettingSpec kSpecs[] = {
    {"QUEUE_URL", SettingType::text, "embedded:", "1..2048",
     "Where tasks wait: embedded: keeps them in the platform's own database, redis://,"
     " redis+sentinel:// or redis+cluster:// on Redis (rediss for TLS)."},
    {"QUEUE_NAME", SettingType::text, "wearon:tasks:generation", "1..200",
     "Queue that generation jobs go to."},
    {"WORKER_CONCURRENCY", SettingType::integer, "8", "1..4096",
     "Jobs that one worker process runs at once."},
    {"TASK_TIME_LIMIT", SettingType::duration, "300s", "1s..1d",
     "How long one job may run before it is stopped and fails."},
    {"LEASE_TIME", SettingType::duration, "12s", "1s..1h",
     "How long a worker that fell silent keeps its tasks before another worker gets them."},
    {"DRAIN_GRACE", SettingType::duration, "30s", "0s..1h",
     "How long a worker that is being stopped lets its jobs finish before it hands them back."},
    {"MAX_DELIVERIES", SettingType::integer, "5", "1..100",
     "How often a task may take its worker process down with it before it is given up."},
    {"WORKER_MEMORY_MAX", SettingType::bytes, "0", "0..1024GiB",
     "Resident memory past which a process of any role finishes its work and starts itself anew; "
     "0: never."},
    {"OWNER_CONCURRENCY", SettingType::integer, "0", "0..100000",
     "Jobs of one owner that run at once over all workers; 0: any number."},
    {"QUEUE_MAX_READY", SettingType::integer, "100000", "1..10000000",
     "Waiting tasks in a queue past which new ones are refused."},
};

}  // namespace

const SettingSection kWorkSettings{"Task engine", kSpecs};

WorkerOptions worker_options(const Settings& settings) {
  return {.id = new_worker_id(),
          .queue = settings.text("QUEUE_NAME"),
          .concurrency = static_cast<std::size_t>(settings.integer("WORKER_CONCURRENCY")),
          .lease_time = settings.duration("LEASE_TIME"),
          .time_limit = settings.duration("TASK_TIME_LIMIT"),
          .max_deliveries = static_cast<int>(settings.integer("MAX_DELIVERIES"))};
}

}  // namespace selvage::work
