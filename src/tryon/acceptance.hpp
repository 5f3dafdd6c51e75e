// Accepting jobs: session, charge and task of each in ONE transaction, or nothing at all.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/metrics.hpp"
#include "data/object_storage.hpp"
#include "net/egress_guard.hpp"
#include "tryon/ledger.hpp"
#include "tryon/session.hpp"
#include "work/broker.hpp"

namespace selvage::tryon {

inline constexpr ByteCount kMaxUpload = 10_MiB;  // of one picture

struct UploadedImage {
  std::string bytes;
  std::string media_type;  // decided by magic bytes
};

struct JobRequest {
  Owner owner;
  std::string request_id;
  std::optional<std::string> session_id;  // chosen by the client; a UUID; else made here
  std::string person_image_url;           // http(s), or empty when uploaded
  std::vector<std::string> garment_image_urls;
  std::optional<UploadedImage> person_upload;
  std::vector<UploadedImage> garment_uploads;
  std::optional<std::string> prompt;
  std::string options_json = "{}";
  Credits credits{1};
  std::optional<std::string> idempotency_key;  // 1..255 printable ASCII, scoped to the owner
  std::optional<std::string> retry_of;
  TraceContext trace;  // that the job's runs belong to; no part of what idempotency compares
};

// A JSON body {person_image_url, garment_image_urls, prompt?, options?, credits?, session_id?},
// every problem reported at once. Unknown members are refused by name: a typo must not be ignored.
// Errors: json.*, job.*. `price` is what a job costs when the request does not say.
[[nodiscard]] Result<JobRequest> parse_job_request(std::string_view json, Credits price = {1});

inline constexpr std::size_t kMaxBulk = 100;  // jobs of one request
// A JSON body {jobs: [...]} of 1 to kMaxBulk jobs as above, each with an idempotency_key? of its
// own. What is wrong with a single job is that job's error; what is wrong with the whole is the
// result's.
[[nodiscard]] Result<std::vector<Result<JobRequest>>> parse_bulk_request(std::string_view json,
                                                                         Credits price = {1});

struct Accepted {
  Session session;
  bool replayed =
      false;  // the idempotency key was seen before: the same job again, nothing new was made
};

class Acceptance {
 public:
  // All outlive it. With `metrics`, charges count in tryon_credits_charged_total{channel}.
  // `daily_jobs` is OWNER_DAILY_JOBS.
  Acceptance(data::Database& database, work::Broker& broker, data::ObjectStorage& storage,
             const net::EgressGuard& guard, std::string queue, Registry* metrics = nullptr,
             std::int64_t daily_jobs = 0);

  // URLs are checked without being fetched; uploads are probed (format, pixel cap) and stored under
  // inputs/<session>/ first, and removed again when the transaction fails. Errors: job.*, url.*,
  // egress.*, image.*, credits.insufficient, session.duplicate, idempotency.mismatch
  // (unprocessable: same key, other body), limit.daily, queue.full, db.*, storage.*.
  [[nodiscard]] Task<Result<Accepted>> accept(JobRequest request);

  // Many at once, in order: each is accepted or refused for itself, as if it had come alone after
  // those before it, but they share commits. A request that is an error already stays one.
  // REQUIRES: no uploads.
  [[nodiscard]] Task<std::vector<Result<Accepted>>> accept_all(
      std::vector<Result<JobRequest>> requests);

  // A new job from a failed one's inputs. Errors: job.not_failed (conflict), job.inputs_gone
  // (conflict), and as above.
  [[nodiscard]] Task<Result<Accepted>> retry(Session failed, std::string request_id,
                                             TraceContext trace = {});

 private:
  data::Database& database_;
  work::Broker& broker_;
  data::ObjectStorage& storage_;
  const net::EgressGuard& guard_;
  std::string queue_;
  Registry* metrics_;
  std::int64_t daily_jobs_;
};

}  // namespace selvage::tryon
