// The metrics of generation, named and described in one place.
#pragma once

#include <string_view>

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "base/trace.hpp"
#include "tryon/generation_task.hpp"

namespace selvage::tryon::detail {

// tryon_jobs_total{channel,outcome,reason}: outcome is completed, failed, retried, handed_back,
// lease_lost or buried.
void count_job(Registry& metrics, Channel channel, std::string_view outcome,
               std::string_view reason = "");
// tryon_provider_calls_total{provider,outcome}: outcome is ok or the name of a ProviderFailure.
void count_provider_call(Registry& metrics, std::string_view provider, std::string_view outcome);
// tryon_credits_charged_total{channel}; nothing without a registry.
void count_charged(Registry* metrics, Channel channel, Credits credits);
// tryon_credits_refunded_total{channel}
void count_refunded(Registry& metrics, Channel channel, Credits credits);

// Measures tryon_stage_seconds{stage} from its construction to its end, and is a span of that name
// below the job's, when that is traced.
class StageTimer {
 public:
  StageTimer(Registry& metrics, std::string_view stage, const Span* job);
  ~StageTimer();
  StageTimer(const StageTimer&) = delete;
  StageTimer& operator=(const StageTimer&) = delete;
  [[nodiscard]] Span& span() { return span_; }

 private:
  Span span_;
  Histogram& seconds_;
  SteadyTime start_ = steady_now();
};

}  // namespace selvage::tryon::detail
