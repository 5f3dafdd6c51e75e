#include "tryon/detail/accepting.hpp"

#include <fmt/format.h>

#include "base/id.hpp"
#include "tryon/detail/object_keys.hpp"
#include "tryon/limits.hpp"

namespace selvage::tryon::detail {
namespace {

Session make_session(const JobRequest& request, std::string session_id, Timestamp at) {
  Session session;
  session.id = std::move(session_id);
  session.task_id = new_uuid();
  session.request_id = is_id(request.request_id) ? request.request_id : new_uuid();
  session.owner = request.owner;
  session.credits = request.credits;
  session.person_image_url = request.person_image_url;
  session.garment_image_urls = request.garment_image_urls;
  session.prompt = request.prompt;
  session.options_json = request.options_json;
  session.retry_of = request.retry_of;
  session.created_at = at;
  session.updated_at = at;
  return session;
}

GenerationTask make_task(const Session& session, const TraceContext& trace) {
  GenerationTask task;
  task.trace = trace;
  task.task_id = session.task_id;
  task.session_id = session.id;
  task.request_id = session.request_id;
  task.owner = session.owner;
  task.person_image_url = session.person_image_url;
  task.garment_image_urls = session.garment_image_urls;
  task.prompt = session.prompt;
  task.options_json = session.options_json;
  task.credits = session.credits;
  task.created_at = session.created_at;
  return task;
}

}  // namespace

PreparedJob prepare_job(const JobRequest& request, std::string session_id, Timestamp at,
                        const std::string& queue, Idempotency idempotency) {
  PreparedJob job;
  job.session = make_session(request, std::move(session_id), at);
  job.task = {.id = job.session.task_id,
              .queue = queue,
              .payload = make_task(job.session, request.trace).to_json(),
              .priority = 0,
              .run_at = std::nullopt,
              .fair_key = owner_key(job.session.owner)};
  job.idempotency = std::move(idempotency);
  return job;
}

Result<void> check_urls(const net::EgressGuard& guard, const JobRequest& request) {
  std::optional<Error> refused;
  const auto check = [&](std::string_view field, const std::string& url) {
    const Result<net::Url> checked = guard.check(url);
    if (checked) return;
    Error error = checked.error().within(field);
    if (refused) {
      refused->message += "; " + error.message;
    } else {
      refused = std::move(error);
    }
  };
  if (!request.person_upload) check("person_image_url", request.person_image_url);
  for (std::size_t i = 0; i < request.garment_image_urls.size(); ++i) {
    check(fmt::format("garment_image_urls[{}]", i), request.garment_image_urls[i]);
  }
  if (refused) return fail(std::move(*refused));
  return {};
}

Result<std::optional<Session>> find_replay(data::Transaction& tx, const Owner& owner,
                                           const Idempotency& idempotency) {
  if (!idempotency.key) return std::nullopt;
  const std::optional<data::Row> row =
      TRY(tx.query_one("SELECT request_hash, session_id FROM idempotency_keys "
                       "WHERE channel = $1 AND owner = $2 AND key = $3",
                       {std::string(name(owner.channel)), owner.id, *idempotency.key}));
  if (!row) return std::nullopt;
  if (row->text(0) != idempotency.hash) {
    return fail(ErrorKind::unprocessable, "idempotency.mismatch",
                "this Idempotency-Key was used for a request with other content",
                "use a new key for a new request; repeat a request with exactly its content");
  }
  return find_session(tx, owner.channel, row->text(1));
}

Result<Accepted> accept_in(data::Transaction& tx, work::Broker& broker, const PreparedJob& job,
                           std::int64_t daily_jobs) {
  const Session& session = job.session;
  if (std::optional<Session> known = TRY(find_replay(tx, session.owner, job.idempotency))) {
    return Accepted{std::move(*known), true};
  }
  TRY(count_daily_job(tx, session.owner, daily_jobs, session.created_at));
  TRY(insert_session(tx, session));
  TRY(charge(tx, session.owner, session.id, session.credits));
  TRY(broker.enqueue(tx, {&job.task, 1}));
  if (job.idempotency.key) {
    const std::int64_t noted = TRY(tx.execute(
        "INSERT INTO idempotency_keys (channel, owner, key, request_hash, session_id, "
        "created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        {std::string(name(session.owner.channel)), session.owner.id, *job.idempotency.key,
         job.idempotency.hash, session.id, data::sql(session.created_at)}));
    // Where transactions run side by side, the same key may have been used since it was looked up.
    if (noted == 0) {
      return fail(ErrorKind::conflict, std::string(kKeyTaken),
                  "the Idempotency-Key was used by another request at the same moment",
                  "repeat the request");
    }
  }
  return Accepted{session, false};
}

}  // namespace selvage::tryon::detail
