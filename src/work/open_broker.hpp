// Which broker QUEUE_URL means: one row of a table by scheme.
#pragma once

#include <memory>

#include "base/settings.hpp"
#include "data/database.hpp"
#include "work/broker.hpp"

namespace selvage::work {

// `database` holds the embedded queue and must outlive the broker. Errors: queue.url (invalid) for
// a scheme that is none or is not built in.
[[nodiscard]] Result<std::unique_ptr<Broker>> open_broker(const Settings& settings,
                                                          data::Database& database);

}  // namespace selvage::work
