// A limit that holds over all workers together: the generic cell rate algorithm with one cell of burst, its state in
// one row of `rate_limits`, so never more than `per_minute` calls start in any sliding minute. Fails closed: when
// the database is away, nobody may call.
#pragma once

#include <string>

#include "base/cancel.hpp"
#include "base/error.hpp"
#include "base/task.hpp"
#include "data/database.hpp"

namespace selvage::work {

class CallLimiter {
 public:
  // per_minute 0: unlimited.
  CallLimiter(data::Database& database, std::string name, std::int64_t per_minute);
  // Resumes when the call may start. `cost` > 1 for calls the provider counts more than once. Errors: cancelled,
  // limit.deadline (timeout) when the turn would come after the deadline: nothing is used up then; db.*.
  [[nodiscard]] Task<Result<void>> acquire(std::int64_t cost, Deadline deadline, CancelToken cancel);

 private:
  data::Database& database_;
  std::string name_;
  std::int64_t per_minute_;
};

}  // namespace selvage::work
