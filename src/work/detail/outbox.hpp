// The outbox: tasks that are committed with their caller's transaction and wait there for their
// way to Redis. Plain functions over a transaction.
//
// A row that was shipped is kept for kKeepShipped, with the run id of the server that took it:
// when the queue is at another server now (a restart, a failover), that one may have lost the last
// writes of the former, and the row is shipped again. Only a server that has lived on past
// kKeepShipped lets it be forgotten.
#pragma once

#include <string>
#include <vector>

#include "work/broker.hpp"

namespace selvage::work {

inline constexpr seconds kKeepShipped{60};

struct OutboxRow {
  std::int64_t seq = 0;
  std::string id;
  std::string fair_key;
  int priority = 0;
  Timestamp run_at;
  Timestamp enqueued_at;
  bool for_celery = false;
  std::string payload;
};

// False: the outbox has a task of that id. `origin` names this process.
[[nodiscard]] Result<bool> put_in_outbox(data::Transaction& tx, const NewTask& task,
                                         const std::string& origin);
// At most `max`, the oldest first, of this origin or waiting since before `others_before`, or from
// a process whose clock is ahead of ours.
[[nodiscard]] Result<std::vector<OutboxRow>> to_ship(data::Transaction& tx,
                                                     const std::string& queue,
                                                     const std::string& origin,
                                                     Timestamp others_before, std::int64_t max);
[[nodiscard]] Result<void> mark_shipped(data::Transaction& tx,
                                        const std::vector<std::int64_t>& seqs,
                                        const std::string& server);
// What another server than `server` took is to be shipped again, some of it: false when nothing is
// left.
[[nodiscard]] Result<bool> ship_again(data::Transaction& tx, const std::string& queue,
                                      const std::string& server);
// Forgets what `server`, which has just answered, took more than kKeepShipped ago.
[[nodiscard]] Result<void> forget_shipped(data::Transaction& tx, const std::string& queue,
                                          const std::string& server);

// Of `ids`, those that wait in the outbox, or may have to be shipped again.
[[nodiscard]] Result<std::vector<std::string>> waiting_in_outbox(
    data::Transaction& tx, const std::string& queue, const std::string& server,
    const std::vector<std::string>& ids);
struct OutboxDepth {
  std::int64_t ready = 0;
  std::int64_t delayed = 0;
};
[[nodiscard]] Result<OutboxDepth> outbox_depth(data::Transaction& tx, const std::string& queue,
                                               std::int64_t count_to);
// As views of state ready or delayed, by id.
[[nodiscard]] Result<std::vector<TaskView>> list_outbox(data::Transaction& tx,
                                                        const std::string& queue, std::size_t limit,
                                                        const std::string& after_id);
[[nodiscard]] Result<std::optional<TaskView>> find_in_outbox(data::Transaction& tx,
                                                             const std::string& queue,
                                                             const std::string& id);

// The queues that any process has used.
[[nodiscard]] Result<void> note_queue(data::Transaction& tx, const std::string& queue);
[[nodiscard]] Result<std::vector<std::string>> noted_queues(data::Transaction& tx);

}  // namespace selvage::work
