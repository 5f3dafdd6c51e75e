// What start-up and the clock tidy: sessions nobody works on, and pictures nobody needs.
#pragma once

#include "data/object_storage.hpp"
#include "tryon/pipeline.hpp"
#include "tryon/session.hpp"
#include "work/broker.hpp"

namespace selvage::tryon {

struct CleanupReport {
  std::size_t stuck = 0;           // failed and refunded
  std::size_t inputs_removed = 0;  // pictures
};

// Finds sessions that are queued or processing, older than `older_than`, without a task in the
// queue and without a live lease, and fails and refunds each in a transaction that checks once
// more. Sessions a live worker holds are never touched.
[[nodiscard]] Task<Result<std::size_t>> fail_stuck_sessions(data::Database& database,
                                                            work::Broker& broker, std::string queue,
                                                            milliseconds older_than,
                                                            Registry& metrics,
                                                            SessionListener on_change);

// Removes inputs/<session>/ of completed sessions at once, of failed ones after `retention` (so
// that a retry finds them), and of sessions that do not exist after an hour. Pictures of unknown
// sessions that acceptance did not write stay: their producer may not have pushed its task yet.
[[nodiscard]] Task<Result<std::size_t>> sweep_inputs(data::Database& database,
                                                     data::ObjectStorage& storage,
                                                     milliseconds retention);

// Forgets Idempotency-Keys that are older than `retention`: a request that repeats one then makes a
// new job. How many.
[[nodiscard]] Task<Result<std::size_t>> forget_idempotency_keys(data::Database& database,
                                                                milliseconds retention);

// JOB_CREDITS, RESULT_URL_LIFETIME, INPUT_RETENTION, STUCK_AFTER, IDEMPOTENCY_RETENTION, ...
extern const SettingSection kTryonSettings;

}  // namespace selvage::tryon
