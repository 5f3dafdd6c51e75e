#include "sizing/settings.hpp"

#include <algorithm>
#include <thread>

namespace selvage::sizing {
namespace {

// More threads than this only when the setting says so: each holds about 60 MiB.
constexpr std::size_t kUsualWorkers = 4;

constexpr SettingSpec kSpecs[] = {
    {"SIZING", SettingType::flag, "true", "",
     "Answer POST /estimate-body, with the pose models loaded at the start of the api role."},
    {"SIZING_MODELS", SettingType::path, "", "",
     "Directory of the pose models; empty: `models` beside the program, ../share/selvage/models or "
     "build/models."},
    {"SIZING_WORKERS", SettingType::integer, "0", "0..256",
     "Threads that look for poses, about 60 MiB each; 0: one a core, at most 4."},
    {"SIZING_MAX_REQUESTS", SettingType::integer, "64", "1..4096",
     "Photos one process works on or holds at once; more are answered 503 with Retry-After."},
    {"SIZING_PER_OWNER", SettingType::integer, "32", "1..4096",
     "Of those, photos of one store or user; more are answered 429 with Retry-After."},
    {"SIZING_TIMEOUT", SettingType::duration, "20s", "100ms..5m",
     "Longest time from a request to its size, the photo's fetch and the line included."},
    {"SIZING_CACHE_ENTRIES", SettingType::integer, "1000", "0..1000000",
     "Answers remembered in memory, by the photo's hash and the request, about 4 KiB each; 0: "
     "none."},
    {"SIZING_CACHE_TTL", SettingType::duration, "10m", "0s..7d",
     "How long an answer is remembered."},
    {"SIZING_CONCURRENCY", SettingType::integer, "4", "0..256",
     "Tasks of the queue wearon:tasks:sizing that one worker process runs at once; 0 leaves them "
     "to other processes."},
    {"SIZING_RETENTION", SettingType::duration, "24h", "1m..30d",
     "How long the answer of a sizing task can be fetched."},
};

}  // namespace

const SettingSection kSizingSettings{"Body sizing", kSpecs};

PosePoolOptions pose_pool_options(const Settings& settings) {
  PosePoolOptions options;
  if (const std::string& models = settings.text("SIZING_MODELS"); !models.empty()) {
    options.models = models;
  }
  options.workers = static_cast<std::size_t>(settings.integer("SIZING_WORKERS"));
  if (options.workers == 0) {
    const std::size_t cores = std::max<std::size_t>(std::thread::hardware_concurrency(), 1);
    options.workers = std::min(cores, kUsualWorkers);
  }
  // What a process holds at once is bounded where requests come in; here it only must fit.
  options.max_queued = static_cast<std::size_t>(settings.integer("SIZING_MAX_REQUESTS") +
                                                settings.integer("SIZING_CONCURRENCY"));
  return options;
}

}  // namespace selvage::sizing
