#include "app/beat_role.hpp"

#include "data/database_time.hpp"
#include "tryon/webhooks/delivery.hpp"

namespace selvage::app {

namespace {

Result<void> check_leader(data::Transaction& tx) {
  if (!TRY(schedule::any_enabled(tx))) return {};
  const auto leader = TRY(work::find_leader(tx, std::string(schedule::kOffice)));
  const Timestamp time = TRY(data::database_time(tx));
  if (leader && time - leader->until < kNoLeader) return {};
  return fail(ErrorKind::unavailable, "health.no_beat",
              "there are schedules, but no process fires them", "start one: selvage beat");
}

}  // namespace

schedule::EntryRules schedule_rules(const Settings& settings) {
  return {.default_queue = settings.text("CELERY_DEFAULT_QUEUE"),
          .foreign_queues = {settings.text("QUEUE_NAME"), std::string(tryon::kWebhookQueue)}};
}

schedule::Outlet schedule_outlet(Platform& platform) {
  return {*platform.broker, platform.settings.text("CELERY_KEY_PREFIX")};
}

HealthCheck schedule_health(data::Database& database) {
  return {"schedule", true,
          [&database] [[clang::coro_wrapper]] () { return database.read(check_leader); }};
}

Result<std::unique_ptr<BeatRole>> BeatRole::create(Platform& platform) {
  auto options = TRY(schedule::beat_options(platform.settings, schedule_rules(platform.settings)));
  return std::unique_ptr<BeatRole>(new BeatRole(platform, std::move(options)));
}

BeatRole::BeatRole(Platform& platform, schedule::BeatOptions options)
    : beat_(*platform.database, schedule_outlet(platform), platform.file_pool, std::move(options),
            platform.metrics) {}

}  // namespace selvage::app
