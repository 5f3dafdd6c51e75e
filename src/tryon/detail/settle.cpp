#include "tryon/detail/settle.hpp"

#include <fmt/format.h>

#include "tryon/detail/failures.hpp"
#include "tryon/webhooks/delivery.hpp"

namespace selvage::tryon::detail {
namespace {

Session session_of(const GenerationTask& task) {
  Session session;
  session.id = task.session_id;
  session.task_id = task.task_id;
  session.request_id = task.request_id;
  session.owner = task.owner;
  session.credits = task.credits;
  session.person_image_url = task.person_image_url;
  session.garment_image_urls = task.garment_image_urls;
  session.prompt = task.prompt;
  session.options_json = task.options_json;
  session.created_at = now();
  session.updated_at = session.created_at;
  return session;
}

Result<bool> is_charged(data::Transaction& tx, std::string_view session_id) {
  return TRY(tx.query_one("SELECT 1 FROM credit_ledger WHERE session_id = $1 AND kind = 'charge'",
                          {std::string(session_id)}))
      .has_value();
}

Result<Session> must_find(data::Transaction& tx, Channel channel, std::string_view id) {
  std::optional<Session> session = TRY(find_session(tx, channel, id));
  if (session) return std::move(*session);
  return fail(ErrorKind::internal, "session.missing",
              fmt::format("session {} vanished inside its own transaction", id));
}

// What ends with a commit: the session as it is now, and its webhooks when this commit ended it.
Result<void> conclude(data::Transaction& tx, work::Broker& broker, Channel channel,
                      std::string_view id, Settlement& settlement, const TraceContext& trace = {}) {
  settlement.session = TRY(find_session(tx, channel, id));
  if (!settlement.changed) return {};
  SELVAGE_CHECK(settlement.session.has_value());
  settlement.announced = TRY(announce_end(tx, broker, *settlement.session, trace)) > 0;
  return {};
}

// The session of a task that could not begin, as what keeps it from that.
void explain_refusal(const GenerationTask& task, Admission& admission) {
  if (is_terminal(admission.session.status)) {
    admission.admitted = Admitted::terminal;
  } else if (admission.session.task_id != task.task_id) {
    admission.admitted = Admitted::foreign;
    admission.reason = fmt::format("duplicate: task {} is already working on session {}",
                                   admission.session.task_id, admission.session.id);
  } else {
    admission.admitted = Admitted::superseded;
  }
}

}  // namespace

// The session is begun before it is charged: from then on this transaction holds its row, so nobody
// can end it, a cancellation say, between the charge and the commit.
Result<Admission> admit(data::Transaction& tx, work::Broker& broker, const GenerationTask& task,
                        std::int64_t token) {
  Admission admission;
  std::optional<Session> found = TRY(hold_session(tx, task.session_id));
  if (!found) {
    const Session made = session_of(task);
    TRY(insert_session(tx, made));
    found = made;
  }
  admission.session = *found;
  if (found->owner != task.owner) {
    admission.admitted = Admitted::foreign;
    admission.reason = fmt::format("session_owner: session {} belongs to {} {}, not to {} {}",
                                   found->id, name(found->owner.channel), found->owner.id,
                                   name(task.owner.channel), task.owner.id);
    return admission;
  }
  const Channel channel = found->owner.channel;
  const bool begun = !is_terminal(found->status) &&
                     TRY(begin_processing(tx, channel, found->id, task.task_id, token));
  admission.session = TRY(must_find(tx, channel, found->id));
  if (!begun) {
    explain_refusal(task, admission);
    return admission;
  }

  if (TRY(is_charged(tx, found->id))) return admission;
  const Result<void> paid = charge(tx, found->owner, found->id, found->credits);
  if (!paid && paid.error().kind != ErrorKind::no_credits) return fail(paid.error());
  if (!paid) {
    TRY(fail_session(tx, channel, found->id, std::nullopt,
                     make_failure("insufficient_credits", paid.error().message)));
    admission.admitted = Admitted::refused;
    admission.session = TRY(must_find(tx, channel, found->id));
    admission.announced = TRY(announce_end(tx, broker, admission.session)) > 0;
    return admission;
  }
  admission.charged = true;
  return admission;
}

Result<Settlement> settle_completed(data::Transaction& tx, work::Broker& broker,
                                    const Session& session, std::int64_t token,
                                    std::string_view result_key, std::string_view provider,
                                    std::string_view provider_request_id,
                                    const TraceContext& trace) {
  const Channel channel = session.owner.channel;
  Settlement settlement;
  settlement.changed = TRY(
      complete_session(tx, channel, session.id, token, result_key, provider, provider_request_id));
  TRY(conclude(tx, broker, channel, session.id, settlement, trace));
  return settlement;
}

Result<Settlement> settle_failed(data::Transaction& tx, work::Broker& broker, const Owner& owner,
                                 std::string_view session_id, std::optional<std::int64_t> token,
                                 const SessionFailure& failure, const TraceContext& trace) {
  Settlement settlement;
  settlement.changed = TRY(fail_session(tx, owner.channel, session_id, token, failure));
  if (settlement.changed) {
    settlement.refunded = TRY(refund(tx, owner, session_id, failure.code));
  }
  TRY(conclude(tx, broker, owner.channel, session_id, settlement, trace));
  return settlement;
}

Result<Settlement> settle_cancelled(data::Transaction& tx, work::Broker& broker, const Owner& owner,
                                    std::string_view session_id) {
  Settlement settlement;
  const SessionFailure failure = make_failure(kCancelledCode, "cancelled before it was worked on");
  settlement.changed = TRY(fail_idle_session(tx, owner.channel, session_id, failure));
  if (settlement.changed) {
    settlement.refunded = TRY(refund(tx, owner, session_id, failure.code));
  } else {
    TRY(ask_to_cancel(tx, owner.channel, session_id));
  }
  TRY(conclude(tx, broker, owner.channel, session_id, settlement));
  return settlement;
}

Result<Settlement> settle_malformed(data::Transaction& tx, work::Broker& broker,
                                    const MalformedTask& message, std::string_view task_id,
                                    std::int64_t token, const SessionFailure& failure) {
  Settlement settlement;
  if (!message.session_id) return settlement;
  settlement.session = TRY(hold_session(tx, *message.session_id));
  if (!settlement.session) return settlement;
  const Session& session = *settlement.session;
  if (message.channel && *message.channel != session.owner.channel) return settlement;
  const bool at_work = session.status == SessionStatus::processing && session.task_id != task_id;
  if (at_work) return settlement;
  const Owner owner = session.owner;
  return settle_failed(tx, broker, owner, *message.session_id, token, failure);
}

}  // namespace selvage::tryon::detail
