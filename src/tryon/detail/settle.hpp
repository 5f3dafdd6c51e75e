// The transactions of a job's life after acceptance. Each checks the fencing token in the same
// commit that changes anything, and says what it found.
#pragma once

#include <optional>
#include <string>

#include "data/database.hpp"
#include "tryon/ledger.hpp"
#include "tryon/session.hpp"
#include "work/broker.hpp"

namespace selvage::tryon::detail {

enum class Admitted {
  begun,       // the session is processing under this token
  terminal,    // it was completed or failed before
  superseded,  // a newer holder of the same task has it
  refused,     // it failed now: its owner cannot pay
  foreign,     // the message contradicts the stored session; `reason` says how
};
struct Admission {
  Admitted admitted = Admitted::begun;
  Session session;
  std::string reason;
  bool charged = false;    // this admission charged it
  bool announced = false;  // webhooks are queued: tell the broker after the commit
};
// Begins the session of a task. A producer that pushed a task without making its session or without
// charging it gets both made up for here, in the same commit, so that no picture is ever made
// unpaid.
[[nodiscard]] Result<Admission> admit(data::Transaction& tx, work::Broker& broker,
                                      const GenerationTask& task, std::int64_t token);

struct Settlement {
  bool changed = false;  // by this transaction
  bool refunded = false;
  bool announced = false;          // webhooks are queued: tell the broker after the commit
  std::optional<Session> session;  // as it is now
};
// The three settlements that end a session also queue the webhooks of its owner, in the same
// commit; `trace` is of the run that ends it.
[[nodiscard]] Result<Settlement> settle_completed(data::Transaction& tx, work::Broker& broker,
                                                  const Session& session, std::int64_t token,
                                                  std::string_view result_key,
                                                  std::string_view provider,
                                                  std::string_view provider_request_id,
                                                  const TraceContext& trace = {});
// Failure and refund are one commit.
[[nodiscard]] Result<Settlement> settle_failed(data::Transaction& tx, work::Broker& broker,
                                               const Owner& owner, std::string_view session_id,
                                               std::optional<std::int64_t> token,
                                               const SessionFailure& failure,
                                               const TraceContext& trace = {});
// For a message that is no task: its session fails unless a well-formed task is working on it.
[[nodiscard]] Result<Settlement> settle_malformed(data::Transaction& tx, work::Broker& broker,
                                                  const MalformedTask& message,
                                                  std::string_view task_id, std::int64_t token,
                                                  const SessionFailure& failure);

// Fails a session that nobody works on as cancelled, or asks its worker to stop. `changed`: it has
// failed now.
[[nodiscard]] Result<Settlement> settle_cancelled(data::Transaction& tx, work::Broker& broker,
                                                  const Owner& owner, std::string_view session_id);

}  // namespace selvage::tryon::detail
