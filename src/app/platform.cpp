#include "app/platform.hpp"

#include <unistd.h>

#include <array>
#include <thread>

#include "app/build_info.hpp"
#include "app/http/console_session.hpp"
#include "base/log.hpp"
#include "celery/settings.hpp"
#include "data/api_keys.hpp"
#include "data/open_storage.hpp"
#include "data/settings.hpp"
#include "schedule/schedule_table.hpp"
#include "sizing/chart_table.hpp"
#include "sizing/settings.hpp"
#include "sizing/sizing_task.hpp"
#include "tryon/session.hpp"
#include "tryon/webhooks/delivery.hpp"
#include "work/open_broker.hpp"
#include "work/sqlite_broker.hpp"

namespace selvage::app {

namespace {

std::size_t cores() { return std::max<std::size_t>(std::thread::hardware_concurrency(), 1); }

// Producers without our API push generation tasks as JSON; what they say of the owner lets owners
// take turns.
std::vector<work::QueueForm> queue_forms(const Settings& settings) {
  std::vector<work::QueueForm> forms = celery::celery_queue_forms(settings);
  forms.push_back({.queue = settings.text("QUEUE_NAME"),
                   .kind = work::QueueKind::fair,
                   .id_member = "task_id",
                   .key_members = {"channel", "store_id", "user_id"}});
  forms.push_back(tryon::webhook_queue_form());
  forms.push_back(sizing::sizing_queue_form());
  return forms;
}

}  // namespace

std::span<const std::span<const data::Migration>> all_migrations() {
  static const std::array rooms = {data::kDataMigrations,         work::kWorkMigrations,
                                   tryon::kTryonMigrations,       sizing::kSizingMigrations,
                                   schedule::kScheduleMigrations, kAppMigrations};
  return rooms;
}

Platform::Platform(Settings loaded, net::Loop& home_loop)
    : settings(std::move(loaded)),
      home(home_loop),
      image_pool("image", cores()),
      file_pool("files", 4),
      poses(sizing::pose_pool_options(settings)) {}

Result<std::unique_ptr<Platform>> Platform::open(Settings settings, net::Loop& home) {
  std::unique_ptr<Platform> platform(new Platform(std::move(settings), home));
  platform->database = TRY(data::open_database(platform->settings));
  const auto report = TRY(data::migrate(*platform->database, all_migrations()));
  for (const std::string& id : report.applied) log::info("migration_applied", {{"migration", id}});
  if (auto traces = TRY(net::otlp_options(platform->settings, kVersion))) {
    platform->traces =
        std::make_unique<net::OtlpExporter>(home, std::move(*traces), platform->metrics);
  }
  platform->storage = TRY(data::open_storage(platform->settings, platform->file_pool, home));
  platform->local_storage = dynamic_cast<data::LocalStorage*>(platform->storage.get());
  platform->broker = TRY(work::open_broker(platform->settings, *platform->database, home,
                                           queue_forms(platform->settings)));
  platform->turns = TRY(work::open_turn_book(platform->settings, *platform->database, home));
  platform->queue = platform->settings.text("QUEUE_NAME");
  return platform;
}

Task<void> Platform::close() {
  co_await turns->close();
  co_await broker->close();
}

void configure_log(const Settings& settings) {
  const std::string& format = settings.text("LOG_FORMAT");
  const bool text = format == "text" || (format == "auto" && isatty(STDERR_FILENO) != 0);
  const auto level = log::parse_level(settings.text("LOG_LEVEL"));
  log::configure(level.value_or(log::Level::info), text ? log::Format::text : log::Format::json);
}

}  // namespace selvage::app
