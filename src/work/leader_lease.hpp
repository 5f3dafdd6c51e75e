// LeaderLease: one of several processes leads, by a row of the table `leaders` that it keeps fresh.
//
// The row's token grows with every change of hands. What only the leader may do calls hold() in the
// transaction that does it: a process that only believes it leads (it was stopped, its network
// hung) fails there, so two leaders can never both act. When the leader falls silent another takes
// over: after `duration` by the database's clock, or after `duration` in which the candidate itself
// saw no change, by its own steady clock. So a clock that jumps may move the lead early, but can
// neither block it nor share it.
//
// Lives on one loop; hold() alone runs on the database's threads.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "data/database.hpp"

namespace selvage::work {

struct LeaderRow {
  std::string holder;
  std::int64_t token = 0;
  std::int64_t renewals = 0;  // under this token; grows with every sign of life
  Timestamp until;            // by the database's clock
};

// nullopt: nobody has ever led.
[[nodiscard]] Result<std::optional<LeaderRow>> find_leader(data::Transaction& tx,
                                                           const std::string& office);

class LeaderLease {
 public:
  // `office` is what is led ("schedule"), `holder` names this process. The database outlives it.
  LeaderLease(data::Database& database, std::string office, std::string holder,
              milliseconds duration);

  // Takes the lead if it is free, keeps it if it is ours: whether we lead now. An error leaves open
  // whether we do; hold() will tell.
  [[nodiscard]] Task<Result<bool>> campaign();
  // In a transaction: fails with leader.lost (conflict) unless we lead, and extends the lease.
  // Locks the row, so nobody takes over before the transaction has ended.
  [[nodiscard]] Result<void> hold(data::Transaction& tx) const;
  // Lets another take over at once. A database that is away is left to notice by itself.
  [[nodiscard]] Task<void> release();

  [[nodiscard]] bool leads() const { return token_ != kNone; }
  // hold() said so.
  void lost() { token_ = kNone; }
  [[nodiscard]] milliseconds duration() const { return duration_; }

 private:
  static constexpr std::int64_t kNone = 0;
  struct Sight {  // the row when it last changed, as this process saw it
    std::int64_t token = 0;
    std::int64_t renewals = 0;
    SteadyTime since;
  };
  void look(const std::optional<LeaderRow>& row);

  data::Database& database_;
  const std::string office_;
  const std::string holder_;
  const milliseconds duration_;
  std::atomic<std::int64_t> token_ = kNone;  // read by hold()
  std::optional<Sight> seen_;
};

}  // namespace selvage::work
