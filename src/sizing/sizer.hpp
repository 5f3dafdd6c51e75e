// Sizer: the whole way from a question about a photo to the answer's JSON: admission, chart, fetch
// through the egress guard, cache, decoding, pose, size.
//
// Bounded: what it works on or holds at once is counted when a question comes in, before a byte is
// fetched, and what is too much is refused with a word about when to come back. Of a photo nothing
// outlives its question but a hash in memory. Any loop; a caller resumes on its own.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "base/cancel.hpp"
#include "base/metrics.hpp"
#include "base/trace.hpp"
#include "data/database.hpp"
#include "net/egress_guard.hpp"
#include "sizing/answer_cache.hpp"
#include "sizing/late_pose_pool.hpp"
#include "sizing/size_request.hpp"

namespace selvage::sizing {

namespace detail {
struct Meters;
}

struct SizerOptions {
  std::size_t requests = 64;   // at once
  std::size_t per_owner = 32;  // of those
  milliseconds time{20'000};   // for one question
  std::size_t cache_entries = 1000;
  milliseconds cache_life{600'000};
};
[[nodiscard]] SizerOptions sizer_options(const Settings& settings);

// All outlive the sizer; the guard lives on `home`.
struct SizerParts {
  net::Loop& home;
  net::EgressGuard& guard;
  LatePosePool& poses;
  data::Database& database;
  Registry& metrics;
};

struct SizeQuestion {
  SizeRequest request;
  std::string photo;     // its bytes; empty: request.image_url is fetched
  std::string owner;     // "b2b:store-1"; empty: nobody, who has no charts
  CancelToken cancel;    // of the caller's loop
  Span* span = nullptr;  // of the request or task, which outlives the answer; null: not traced
};

class Sizer {
 public:
  Sizer(SizerParts parts, SizerOptions options);
  ~Sizer();

  // The answer's JSON (size_answer.hpp). Errors:
  // - sizing.busy (unavailable), sizing.owner_busy (rate_limited): come back in a moment
  // - sizing.unavailable (unavailable): no models; sizing.timeout (timeout), cancelled
  // - unprocessable: those of judge(), sizing.no_person, sizing.chart_unknown
  // - of image::decode(), EgressGuard::fetch_image() and the database
  // Each stage is a span below the question's.
  [[nodiscard]] Task<Result<std::string>> answer(SizeQuestion question);

  // Loads the models now, beside what else the process does.
  void warm() { (void)parts_.poses.get(); }
  [[nodiscard]] Result<void> health() const { return parts_.poses.health(); }
  // Questions that are being worked on.
  [[nodiscard]] std::size_t active() const;

 private:
  class Place;  // of a question among those at once
  [[nodiscard]] Result<Place> admit(const std::string& owner);
  void leave(const std::string& owner);
  [[nodiscard]] Task<Result<std::string>> work_on(SizeQuestion question);
  [[nodiscard]] Task<Result<SizeChart>> chart_for(SizeRequest request, std::string owner,
                                                  const Span* span);
  [[nodiscard]] Task<Result<std::string>> fetch(std::string url, CancelToken cancel,
                                                Deadline deadline, const Span* span);
  [[nodiscard]] Result<std::string> look(PoseEstimator& estimator, const SizeQuestion& question,
                                         const SizeChart& chart);
  void count(const Result<std::string>& answer);

  const SizerParts parts_;
  const SizerOptions options_;
  AnswerCache cache_;
  std::unique_ptr<detail::Meters> meters_;
  mutable std::mutex mutex_;  // of the counts
  std::size_t active_ = 0;
  std::map<std::string, std::size_t, std::less<>> active_of_;  // by owner; at most `requests`
};

}  // namespace selvage::sizing
