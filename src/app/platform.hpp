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
#include "net/loop.hpp"
#include "net/otlp_exporter.hpp"
#include "sizing/late_pose_pool.hpp"
#include "work/broker.hpp"
#include "work/turn_book.hpp"

namespace selvage::app {

// The migrations of all rooms, in dependency order.
[[nodiscard]] std::span<const std::span<const data::Migration>> all_migrations();

class Platform {
 public:
  // Opens the database (and brings its schema up to date), storage and queue. What belongs to one
  // loop (HTTP clients) lives on `home`, which must outlive the platform and run while its parts
  // are used. Errors: of those.
  [[nodiscard]] static Result<std::unique_ptr<Platform>> open(Settings settings, net::Loop& home);

  // Ends its connections: the last thing awaited on `home` before the platform's destruction.
  [[nodiscard]] Task<void> close();

  const Settings settings;
  net::Loop& home;
  Registry metrics;
  net::BlockingPool image_pool;  // decoding, composing, encoding
  net::BlockingPool file_pool;   // local storage
  sizing::LatePosePool poses;    // costs nothing until somebody needs one
  std::unique_ptr<data::Database> database;
  std::unique_ptr<net::OtlpExporter> traces;  // null: traces are off
  std::unique_ptr<data::ObjectStorage> storage;
  data::LocalStorage* local_storage =
      nullptr;  // set when `storage` is one: then we serve its files
  std::unique_ptr<work::Broker> broker;
  std::unique_ptr<work::TurnBook> turns;  // of limits that hold over all processes
  std::string queue;

 private:
  Platform(Settings loaded, net::Loop& home_loop);
};

// Applies LOG_LEVEL and LOG_FORMAT.
void configure_log(const Settings& settings);

}  // namespace selvage::app
