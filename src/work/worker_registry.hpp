// The table `workers`: which processes run, seen over all of them. A row that has not been
// refreshed for kWorkerTimeout is dead; rows are removed after a day.
#pragma once

#include <string>
#include <vector>

#include "data/database.hpp"

namespace selvage::work {

inline constexpr seconds kWorkerTimeout{15};

struct WorkerRow {
  std::string id;
  std::string host;
  std::int64_t pid = 0;
  std::string version;
  std::string queue;
  std::int64_t concurrency = 0;
  std::int64_t active = 0;
  std::int64_t done = 0;
  std::int64_t failed = 0;
  std::string
      state;  // running, draining, stopped; list_workers() says lost of those that fell silent
  Timestamp started_at;
  Timestamp seen_at;
};

[[nodiscard]] Result<void> report_worker(data::Transaction& tx, const WorkerRow& row);
[[nodiscard]] Result<std::vector<WorkerRow>> list_workers(data::Transaction& tx);

}  // namespace selvage::work
