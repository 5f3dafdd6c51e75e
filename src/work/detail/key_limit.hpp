// At most so many leases of a fair key at once, in SQL: what lua/line.hpp says of Redis.
//
// A task that is next in line while its key has its number of leases is parked: it leaves the line
// (`parked` is set, `vtime` is NULL), so the line holds nothing that every claim would have to step
// over. When the key has room again, a claim lets as many in as fit, level with the head: they have
// had their wait. Who is parked is looked at key by key, one seek each.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "data/database.hpp"

namespace selvage::work {

// Over one claim. Claims of a queue with a limit come one after the other, also on PostgreSQL.
class KeyLimit {
 public:
  // limit 0: none. REQUIRES: `tx` and `queue` outlive it.
  KeyLimit(data::Transaction& tx, const std::string& queue, std::int64_t limit)
      : tx_(tx), queue_(queue), limit_(limit) {}

  // Waits for other claims of the queue. The first thing of a claim.
  [[nodiscard]] Result<void> begin();
  // Lets parked tasks in whose key has room; all of them when there is no limit any more.
  [[nodiscard]] Result<void> let_in();
  struct Picked {
    std::vector<std::int64_t> seqs;  // to be leased now
    bool line_is_empty = false;
  };
  // Of the next `max` tasks in line, those that may be leased; the others are parked.
  [[nodiscard]] Result<Picked> pick(std::size_t max);
  // A bound on the length of the transaction.
  [[nodiscard]] bool may_park_more() const { return parked_ < kMaxParked; }

 private:
  static constexpr std::size_t kMaxParked = 500;

  [[nodiscard]] Result<std::int64_t> leases_of(const std::string& key);
  [[nodiscard]] Result<void> park(const std::vector<std::int64_t>& seqs);

  data::Transaction& tx_;
  const std::string& queue_;
  const std::int64_t limit_;
  std::map<std::string, std::int64_t> leases_;
  std::size_t parked_ = 0;
};

}  // namespace selvage::work
