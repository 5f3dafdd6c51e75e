// The one clock that all processes of a database share: the server's on PostgreSQL; on SQLite,
// whose processes share a machine, now().
#pragma once

#include "data/database.hpp"

namespace selvage::data {

// Goes on during a transaction.
[[nodiscard]] Result<Timestamp> database_time(Transaction& tx);

}  // namespace selvage::data
