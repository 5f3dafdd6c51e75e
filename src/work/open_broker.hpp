// Which broker QUEUE_URL means: one row of a table by scheme.
#pragma once

#include <memory>

#include "base/settings.hpp"
#include "data/database.hpp"
#include "net/loop.hpp"
#include "work/broker.hpp"
#include "work/queue_form.hpp"

namespace selvage::work {

// `database` holds the embedded queue, or the outbox of a queue elsewhere; a queue elsewhere has
// its connections on `home`. Both must outlive the broker. `forms`: of the queues that are not
// plain (the embedded queue needs none). Errors: queue.url (invalid) for a scheme that is none,
// redis.url.
[[nodiscard]] Result<std::unique_ptr<Broker>> open_broker(const Settings& settings,
                                                          data::Database& database, net::Loop& home,
                                                          std::vector<QueueForm> forms = {});

}  // namespace selvage::work
