#include "tryon/acceptance.hpp"

#include <fmt/format.h>

#include "base/id.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "image/probe.hpp"
#include "tryon/detail/accepting.hpp"
#include "tryon/detail/job_rules.hpp"
#include "tryon/detail/object_keys.hpp"
#include "tryon/detail/stage_metrics.hpp"
#include "tryon/pipeline.hpp"

namespace selvage::tryon {
namespace {

struct Upload {
  std::string key;
  std::string bytes;
  std::string media_type;
};

// The key says when the upload was made, so that the sweep can tell an orphan's age, and is random,
// so that a request that names another session's id can neither overwrite nor remove that session's
// pictures.
Result<Upload> prepare_upload(UploadedImage image, std::string_view session_id,
                              std::string_view what, Timestamp at) {
  if (image.bytes.size() > kMaxUpload.value) {
    return fail(ErrorKind::too_large, "image.too_large",
                fmt::format("{}: the picture has {}, at most {} are taken", what,
                            to_string(ByteCount{image.bytes.size()}), to_string(kMaxUpload)),
                "send a smaller picture");
  }
  const Result<image::Header> header = image::probe(image.bytes);
  if (!header) return fail(header.error().within(what));
  Upload upload;
  upload.key = fmt::format("{}{}-{}-{}{}", inputs_prefix(session_id), to_unix_ms(at) / 1000,
                           random_token(9), what, image::extension(header->format));
  upload.bytes = std::move(image.bytes);
  upload.media_type = image::media_type(header->format);
  return upload;
}

Result<std::vector<Upload>> prepare_uploads(JobRequest& request, std::string_view session_id,
                                            Timestamp at) {
  std::vector<Upload> uploads;
  if (request.person_upload) {
    uploads.push_back(
        TRY(prepare_upload(std::move(*request.person_upload), session_id, "person", at)));
    request.person_image_url = std::string(detail::kObjectScheme) + uploads.back().key;
  }
  for (UploadedImage& image : request.garment_uploads) {
    const std::string what = fmt::format("garment-{}", request.garment_image_urls.size() + 1);
    uploads.push_back(TRY(prepare_upload(std::move(image), session_id, what, at)));
    request.garment_image_urls.push_back(std::string(detail::kObjectScheme) + uploads.back().key);
  }
  return uploads;
}

Task<void> remove_uploads(data::ObjectStorage& storage, std::vector<std::string> keys) {
  for (std::string& key : keys) {
    const Result<void> removed = co_await storage.remove(key);
    // The sweep finds it again by its age.
    if (!removed) log::warning("upload_not_removed", removed.error(), {{"key", key}});
  }
}

Task<Result<std::vector<std::string>>> store_uploads(data::ObjectStorage& storage,
                                                     std::vector<Upload> uploads) {
  std::vector<std::string> stored;
  for (Upload& upload : uploads) {
    const Result<void> put =
        co_await storage.put(upload.key, std::move(upload.bytes), std::move(upload.media_type));
    if (!put) {
      co_await remove_uploads(storage, std::move(stored));
      co_return fail(put.error().within("storing an uploaded picture"));
    }
    stored.push_back(std::move(upload.key));
  }
  co_return stored;
}

}  // namespace

Acceptance::Acceptance(data::Database& database, work::Broker& broker, data::ObjectStorage& storage,
                       const net::EgressGuard& guard, std::string queue, Registry* metrics,
                       std::int64_t daily_jobs)
    : database_(database),
      broker_(broker),
      storage_(storage),
      guard_(guard),
      queue_(std::move(queue)),
      metrics_(metrics),
      daily_jobs_(daily_jobs) {}

Task<Result<Accepted>> Acceptance::accept(JobRequest request) {
  CO_TRY(detail::check_job(request));
  detail::Idempotency idempotency{request.idempotency_key, detail::request_hash(request)};
  if (idempotency.key) {
    // Answered before anything is stored; the transaction below asks again.
    std::optional<Session> known = CO_TRY(co_await database_.read([&](data::Transaction& tx) {
      return detail::find_replay(tx, request.owner, idempotency);
    }));
    if (known) co_return Accepted{std::move(*known), true};
  }
  CO_TRY(detail::check_urls(guard_, request));

  const Timestamp at = now();
  std::string session_id = request.session_id ? to_lower_ascii(*request.session_id) : new_uuid();
  std::vector<Upload> uploads = CO_TRY(prepare_uploads(request, session_id, at));
  std::vector<std::string> stored = CO_TRY(co_await store_uploads(storage_, std::move(uploads)));

  const detail::PreparedJob job =
      detail::prepare_job(request, std::move(session_id), at, queue_, std::move(idempotency));
  const Session& session = job.session;
  Result<Accepted> accepted = co_await database_.write(
      [&](data::Transaction& tx) { return detail::accept_in(tx, broker_, job, daily_jobs_); });
  if (!accepted && accepted.error().code == detail::kKeyTaken) {
    accepted = co_await database_.write(
        [&](data::Transaction& tx) { return detail::accept_in(tx, broker_, job, daily_jobs_); });
  }
  if (accepted && !accepted->replayed) {
    broker_.notify();
    detail::count_charged(metrics_, session.owner.channel, session.credits);
    co_return accepted;
  }
  bool committed = false;
  if (!accepted && accepted.error().kind == ErrorKind::unavailable) {
    // A connection that broke at the commit leaves open whether it happened. Pictures of a job that
    // exists must stay; when not even this can be read, they stay too and the sweep decides later.
    const Result<std::optional<Session>> found = co_await database_.read(
        [&](data::Transaction& tx) { return find_session(tx, session.owner.channel, session.id); });
    committed = !found || (*found && (*found)->task_id == session.task_id);
  }
  if (!committed) co_await remove_uploads(storage_, std::move(stored));
  co_return accepted;
}

Task<Result<Accepted>> Acceptance::retry(Session failed, std::string request_id,
                                         TraceContext trace) {
  if (failed.status != SessionStatus::failed) {
    co_return fail(ErrorKind::conflict, "job.not_failed",
                   fmt::format("job {} is {}, only a failed job can be repeated", failed.id,
                               name(failed.status)));
  }
  JobRequest request;
  request.owner = failed.owner;
  request.request_id = std::move(request_id);
  request.trace = std::move(trace);
  request.prompt = failed.prompt;
  request.options_json = failed.options_json;
  request.credits = failed.credits;
  request.retry_of = failed.id;
  // a double click, or a repeated request, is the same new job
  request.idempotency_key = "retry-of:" + failed.id;

  std::vector<std::string> urls{failed.person_image_url};
  urls.insert(urls.end(), failed.garment_image_urls.begin(), failed.garment_image_urls.end());
  for (std::size_t i = 0; i < urls.size(); ++i) {
    const bool is_person = i == 0;
    if (!urls[i].starts_with(detail::kObjectScheme)) {
      if (is_person) {
        request.person_image_url = urls[i];
      } else {
        request.garment_image_urls.push_back(urls[i]);
      }
      continue;
    }
    Result<data::StoredObject> object =
        co_await storage_.get(urls[i].substr(detail::kObjectScheme.size()));
    if (!object && object.error().kind == ErrorKind::not_found) {
      co_return fail(ErrorKind::conflict, "job.inputs_gone",
                     fmt::format("the pictures of job {} have been removed", failed.id),
                     "send a new job with the pictures");
    }
    if (!object) co_return fail(object.error());
    UploadedImage copy{std::move(object->bytes), std::move(object->media_type)};
    if (is_person) {
      request.person_upload = std::move(copy);
    } else {
      request.garment_uploads.push_back(std::move(copy));
    }
  }
  co_return co_await accept(std::move(request));
}

}  // namespace selvage::tryon
