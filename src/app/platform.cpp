#include "app/platform.hpp"

#include <unistd.h>

#include <array>
#include <thread>

#include "app/http/console_session.hpp"
#include "base/log.hpp"
#include "data/api_keys.hpp"
#include "data/settings.hpp"
#include "tryon/session.hpp"
#include "work/open_broker.hpp"
#include "work/sqlite_broker.hpp"

namespace selvage::app {

namespace {

std::size_t cores() { return std::max<std::size_t>(std::thread::hardware_concurrency(), 1); }

}  // namespace

std::span<const std::span<const data::Migration>> all_migrations() {
  static const std::array rooms = {data::kDataMigrations, work::kWorkMigrations,
                                   tryon::kTryonMigrations, kAppMigrations};
  return rooms;
}

Platform::Platform(Settings loaded)
    : settings(std::move(loaded)), image_pool("image", cores()), file_pool("files", 4) {}

Result<std::unique_ptr<Platform>> Platform::open(Settings settings) {
  std::unique_ptr<Platform> platform(new Platform(std::move(settings)));
  platform->database = TRY(data::open_database(platform->settings));
  const auto report = TRY(data::migrate(*platform->database, all_migrations()));
  for (const std::string& id : report.applied) log::info("migration_applied", {{"migration", id}});
  platform->storage = TRY(data::open_storage(platform->settings, platform->file_pool));
  platform->local_storage = dynamic_cast<data::LocalStorage*>(platform->storage.get());
  platform->broker = TRY(work::open_broker(platform->settings, *platform->database));
  platform->queue = platform->settings.text("QUEUE_NAME");
  return platform;
}

void configure_log(const Settings& settings) {
  const std::string& format = settings.text("LOG_FORMAT");
  const bool text = format == "text" || (format == "auto" && isatty(STDERR_FILENO) != 0);
  const auto level = log::parse_level(settings.text("LOG_LEVEL"));
  log::configure(level.value_or(log::Level::info), text ? log::Format::text : log::Format::json);
}

}  // namespace selvage::app
