// The parts of an acceptance that a single job and a bulk share.
#pragma once

#include <optional>
#include <string>

#include "tryon/acceptance.hpp"

namespace selvage::tryon::detail {

struct Idempotency {
  std::optional<std::string> key;
  std::string hash;
};

// A job that only waits for its transaction.
struct PreparedJob {
  Session session;
  work::NewTask task;
  Idempotency idempotency;
};
// REQUIRES: check_job() passed, and uploads have become URLs.
[[nodiscard]] PreparedJob prepare_job(const JobRequest& request, std::string session_id,
                                      Timestamp at, const std::string& queue,
                                      Idempotency idempotency);

// The URLs that cannot be fetched, all in one error that has the code of the first.
[[nodiscard]] Result<void> check_urls(const net::EgressGuard& guard, const JobRequest& request);

// The session an earlier request with this key made, if there was one. Errors:
// idempotency.mismatch.
[[nodiscard]] Result<std::optional<Session>> find_replay(data::Transaction& tx, const Owner& owner,
                                                         const Idempotency& idempotency);

// A request with the same key came first, after this one had looked: find_replay() finds it now.
inline constexpr std::string_view kKeyTaken = "idempotency.taken";

// All of one acceptance. Safe to run again: it reads nothing but its arguments. Errors: also
// kKeyTaken (conflict).
[[nodiscard]] Result<Accepted> accept_in(data::Transaction& tx, work::Broker& broker,
                                         const PreparedJob& job, std::int64_t daily_jobs);

}  // namespace selvage::tryon::detail
