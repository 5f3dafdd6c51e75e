// The embedded queue: table `tasks` in the platform's own database, so that accepting a job,
// charging for it and queueing it are one commit. Claims, acks and extensions of many jobs share
// commits through the database's group commit.
#pragma once

#include <memory>
#include <span>

#include "data/migrations.hpp"
#include "work/broker.hpp"

namespace selvage::work {

struct SqlBrokerOptions {
  std::int64_t max_ready = 100'000;      // a queue that holds more refuses new tasks
  std::int64_t per_key_concurrency = 0;  // leases a fair key may have at once; 0: any number
  milliseconds poll{500};                // how often another process's work is looked for
};

// `database` must outlive the broker.
[[nodiscard]] std::unique_ptr<Broker> make_sql_broker(data::Database& database,
                                                      SqlBrokerOptions options);

extern const std::span<const data::Migration> kWorkMigrations;  // tasks, workers, rate_limits, ...

}  // namespace selvage::work
