// Taking and keeping leases, in SQL. Plain functions over a transaction.
#pragma once

#include <string>
#include <vector>

#include "work/broker.hpp"

namespace selvage::work {

// At most `max` due tasks, leased for `duration` from now, best priority and longest wait first.
[[nodiscard]] Result<std::vector<Lease>> claim_due(data::Transaction& tx, const std::string& queue,
                                                   const std::string& worker_id, std::size_t max,
                                                   milliseconds duration);
// Lengthens the leases that are still theirs to `duration` from now; returns the others.
[[nodiscard]] Result<std::vector<LeaseRef>> extend_held(data::Transaction& tx,
                                                        const std::vector<LeaseRef>& held,
                                                        milliseconds duration);

}  // namespace selvage::work
