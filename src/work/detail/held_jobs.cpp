#include "work/detail/held_jobs.hpp"

namespace selvage::work {

namespace {

std::string_view name(StopReason reason) {
  switch (reason) {
    case StopReason::none:
      return "none";
    case StopReason::time_limit:
      return "time_limit";
    case StopReason::lease_lost:
      return "lease_lost";
    case StopReason::drain:
      return "drain";
  }
  return "";
}

}  // namespace

HeldJob::HeldJob(HeldJobs& all, LeaseRef ref, SteadyTime lease_ends, Deadline limit,
                 log::Context log)
    : all_(all),
      ref_(std::move(ref)),
      lease_ends_(lease_ends),
      limit_(limit),
      log_(std::move(log)) {
  all_.jobs_.emplace(HeldJobs::key(ref_), this);
}

HeldJob::~HeldJob() { all_.jobs_.erase(HeldJobs::key(ref_)); }

void HeldJob::stop_for(StopReason reason) {
  if (reason == StopReason::lease_lost) lost_ = true;
  // whatever a job was stopped for, it must learn that it may not act any more
  if (why_->reason == StopReason::none || lost_) why_->reason = reason;
  if (stop_.cancelled()) return;
  told_at_ = steady_now();
  if (running_) log_.warning("job_told_to_stop", {{"reason", name(reason)}});
  stop_.cancel();
}

std::vector<LeaseRef> HeldJobs::to_extend() const {
  std::vector<LeaseRef> refs;
  refs.reserve(jobs_.size());
  for (const auto& [key, job] : jobs_) {
    if (!job->lost()) refs.push_back(job->ref());
  }
  return refs;
}

void HeldJobs::extended(const std::vector<LeaseRef>& held, SteadyTime until) {
  for (const LeaseRef& ref : held) {
    const auto found = jobs_.find(key(ref));
    if (found != jobs_.end()) found->second->lease_ends_ = until;
  }
}

void HeldJobs::lost(const std::vector<LeaseRef>& refs) {
  for (const LeaseRef& ref : refs) stop(key(ref), StopReason::lease_lost);
}

void HeldJobs::enforce(Deadline drain_ends) {
  // stopping a job may end it, and with it its entry: so decide first, then act
  std::vector<std::pair<Key, StopReason>> stops;
  for (const auto& [key, job] : jobs_) {
    const StopReason reason = reason_to_stop(*job, drain_ends);
    if (reason != StopReason::none) stops.emplace_back(key, reason);
    log_silence(*job);
  }
  for (const auto& [key, reason] : stops) stop(key, reason);
}

StopReason HeldJobs::reason_to_stop(const HeldJob& job, Deadline drain_ends) {
  if (!job.running_) return StopReason::none;
  if (job.lost()) return job.lost_ ? StopReason::none : StopReason::lease_lost;
  if (job.stop_.cancelled()) return StopReason::none;
  if (job.limit_.passed()) return StopReason::time_limit;
  if (drain_ends.passed()) return StopReason::drain;
  return StopReason::none;
}

void HeldJobs::stop(const Key& which, StopReason reason) {
  const auto found = jobs_.find(which);
  if (found != jobs_.end()) found->second->stop_for(reason);
}

void HeldJobs::log_silence(HeldJob& job) {
  const bool late = job.running_ && job.told_at_ != SteadyTime::max() &&
                    steady_now() - job.told_at_ > kStopAnswer;
  if (!late || std::exchange(job.silence_logged_, true)) return;
  job.log_.error("job_ignores_stop",
                 {{"reason", name(job.why_->reason)},
                  {"hint", "the handler must watch its stop token; it is still waited for"}});
}

}  // namespace selvage::work
