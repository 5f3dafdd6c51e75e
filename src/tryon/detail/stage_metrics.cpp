#include "tryon/detail/stage_metrics.hpp"

namespace selvage::tryon::detail {

void count_job(Registry& metrics, Channel channel, std::string_view outcome,
               std::string_view reason) {
  metrics
      .counter("tryon_jobs_total", "Runs of generation jobs by how they ended.",
               {{"channel", std::string(name(channel))},
                {"outcome", std::string(outcome)},
                {"reason", std::string(reason)}})
      .add();
}

void count_provider_call(Registry& metrics, std::string_view provider, std::string_view outcome) {
  metrics
      .counter("tryon_provider_calls_total", "Calls of the picture provider by how they ended.",
               {{"provider", std::string(provider)}, {"outcome", std::string(outcome)}})
      .add();
}

void count_charged(Registry* metrics, Channel channel, Credits credits) {
  if (metrics == nullptr) return;
  metrics
      ->counter("tryon_credits_charged_total", "Credits this process charged for jobs.",
                {{"channel", std::string(name(channel))}})
      .add(static_cast<std::uint64_t>(credits.value));
}

void count_refunded(Registry& metrics, Channel channel, Credits credits) {
  metrics
      .counter("tryon_credits_refunded_total", "Credits this process paid back for failed jobs.",
               {{"channel", std::string(name(channel))}})
      .add(static_cast<std::uint64_t>(credits.value));
}

StageTimer::StageTimer(Registry& metrics, std::string_view stage, const Span* job)
    : span_(child_of(job, stage)),
      seconds_(metrics.histogram("tryon_stage_seconds",
                                 "Time a job spent in one stage, in seconds.", kJobBuckets,
                                 {{"stage", std::string(stage)}})) {}

StageTimer::~StageTimer() {
  const std::chrono::duration<double> took = steady_now() - start_;
  seconds_.observe(took.count());
}

}  // namespace selvage::tryon::detail
