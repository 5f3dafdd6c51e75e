// TurnBook: where limits that hold over all workers keep their state: a row of `rate_limits`, or a
// key on Redis.
//
// A limit's state is the time at which the next call may start. Taking a turn moves it on, so turns
// lie apart as detail/turn.hpp says and a burst is never earned. Nothing that is taken can be
// given back. Both books fail closed: who cannot ask may not call.
#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/settings.hpp"
#include "base/task.hpp"
#include "data/database.hpp"
#include "data/redis_url.hpp"
#include "net/loop.hpp"

namespace selvage::work {

struct BookedTurn {
  bool taken = false;
  SteadyTime start;       // when the call may start or, when not taken, when the turn would be
  SteadyTime void_after;  // a call that has not started by then must take another turn
};

class TurnBook {
 public:
  virtual ~TurnBook() = default;
  // Takes a turn for a call of `cost` when it begins within `at_most` (never more than a second
  // counts). REQUIRES: 1 <= cost <= per_minute. Any loop. Errors: db.*, redis.*.
  [[nodiscard]] virtual Task<Result<BookedTurn>> take(std::string name, std::int64_t per_minute,
                                                      std::int64_t cost, milliseconds at_most) = 0;
  // The last call before its destruction.
  [[nodiscard]] virtual Task<void> close() = 0;
};

// `database` must outlive the book.
[[nodiscard]] std::unique_ptr<TurnBook> make_sql_turn_book(data::Database& database);
// On `home`, which must outlive the book. server_clock false, for tests: now() is the time.
[[nodiscard]] std::unique_ptr<TurnBook> make_redis_turn_book(net::Loop& home, data::RedisUrl url,
                                                             bool server_clock = true);
// Where QUEUE_URL keeps the tasks, there the limits are kept. Errors: as open_broker().
[[nodiscard]] Result<std::unique_ptr<TurnBook>> open_turn_book(const Settings& settings,
                                                               data::Database& database,
                                                               net::Loop& home);

}  // namespace selvage::work
