// A limit that holds over all workers together: the generic cell rate algorithm with one cell of
// burst, its state in a TurnBook, so never more than `per_minute` calls start in any sliding
// minute. Fails closed: when the book is away, nobody may call.
//
// Turns are given first come, first served within a process; only the first in line asks the book,
// and no turn is reserved more than kTurnHorizon ahead, so a process that dies leaves at most that
// much of the limit unused.
#pragma once

#include <memory>
#include <string>

#include "base/cancel.hpp"
#include "base/error.hpp"
#include "base/task.hpp"
#include "work/turn_book.hpp"

namespace selvage::work {

class TurnLine;

// One limit; any thread. All acquire() calls must have ended before its destruction.
class CallLimiter {
 public:
  // per_minute 0: unlimited. `book` must outlive it.
  CallLimiter(TurnBook& book, std::string name, std::int64_t per_minute);
  ~CallLimiter();
  // Resumes when the call may start. `cost` > 1 for calls the provider counts more than once.
  // Errors: cancelled, limit.deadline (timeout) when the turn would come after the deadline:
  // nothing is used up then; limit.cost (invalid) when the limit could never admit it; db.*,
  // redis.*.
  [[nodiscard]] Task<Result<void>> acquire(std::int64_t cost, Deadline deadline,
                                           CancelToken cancel);

 private:
  // For the first in line: its turn.
  [[nodiscard]] Task<Result<BookedTurn>> first_turn(std::int64_t cost, Deadline deadline,
                                                    CancelToken cancel);

  TurnBook& book_;
  std::string name_;
  std::int64_t per_minute_;
  std::unique_ptr<TurnLine> line_;
};

}  // namespace selvage::work
