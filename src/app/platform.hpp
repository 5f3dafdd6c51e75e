// Platform: what every role stands on, opened once from the settings.
#pragma once

#include <memory>
#include <span>

#include "base/metrics.hpp"
#include "base/settings.hpp"
#include "data/database.hpp"
#include "data/local_storage.hpp"
#include "data/migrations.hpp"
#include "net/blocking_pool.hpp"
#include "work/broker.hpp"

namespace selvage::app {

// The migrations of all rooms, in dependency order.
[[nodiscard]] std::span<const std::span<const data::Migration>> all_migrations();

class Platform {
 public:
  // Opens the database (and brings its schema up to date), storage and queue. Errors: of those.
  [[nodiscard]] static Result<std::unique_ptr<Platform>> open(Settings settings);

  const Settings settings;
  Registry metrics;
  net::BlockingPool image_pool;  // decoding, composing, encoding
  net::BlockingPool file_pool;   // local storage
  std::unique_ptr<data::Database> database;
  std::unique_ptr<data::ObjectStorage> storage;
  data::LocalStorage* local_storage =
      nullptr;  // set when `storage` is one: then we serve its files
  std::unique_ptr<work::Broker> broker;
  std::string queue;

 private:
  explicit Platform(Settings loaded);
};

// Applies LOG_LEVEL and LOG_FORMAT.
void configure_log(const Settings& settings);

}  // namespace selvage::app
