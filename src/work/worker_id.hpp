// Names for this process, as metrics, logs and the table `workers` show them. Any thread.
#pragma once

#include <string>

namespace selvage::work {

// The machine's name, at most 64 bytes; "unknown" when it has none.
[[nodiscard]] std::string host_name();
// "host-pid-random", unique over all processes.
[[nodiscard]] std::string new_worker_id();

}  // namespace selvage::work
