#include <doctest/doctest.h>

#include "base/log.hpp"
#include "work/detail/held_jobs.hpp"
#include "work/job_metrics.hpp"
#include "work/worker_id.hpp"

namespace selvage::work {

namespace {

HeldJob held(HeldJobs& jobs, std::int64_t token, milliseconds lease = seconds(60),
             milliseconds limit = seconds(60)) {
  return HeldJob(jobs, {.task_id = "a", .queue = "q", .token = token}, steady_now() + lease,
                 Deadline::after(limit), {});
}

}  // namespace

TEST_CASE("HeldJobs: a lost lease outranks every other reason to stop") {
  const log::CaptureForTest logs;
  HeldJobs jobs;
  HeldJob job = held(jobs, 1, seconds(60), milliseconds(0));
  jobs.enforce(Deadline::never());
  CHECK(job.stop().cancelled());
  CHECK(job.why()->reason == StopReason::time_limit);
  CHECK_FALSE(job.lost());
  jobs.enforce(Deadline::after(milliseconds(0)));
  CHECK(job.why()->reason == StopReason::time_limit);
  jobs.lost({job.ref()});
  CHECK(job.why()->reason == StopReason::lease_lost);
  CHECK(job.lost());
  CHECK(jobs.to_extend().empty());
}

TEST_CASE("HeldJobs: a lease that ran out unnoticed is lost") {
  const log::CaptureForTest logs;
  HeldJobs jobs;
  HeldJob job = held(jobs, 1, milliseconds(-1));
  CHECK(job.lost());
  jobs.enforce(Deadline::never());
  CHECK(job.why()->reason == StopReason::lease_lost);
  CHECK(job.stop().cancelled());
}

TEST_CASE("HeldJobs: one task under an old and a new token are two jobs") {
  const log::CaptureForTest logs;
  HeldJobs jobs;
  HeldJob old = held(jobs, 1);
  {
    HeldJob newer = held(jobs, 2);
    CHECK(jobs.size() == 2);
    jobs.lost({old.ref()});
    CHECK(old.stop().cancelled());
    CHECK_FALSE(newer.stop().cancelled());
    REQUIRE(jobs.to_extend().size() == 1);
    CHECK(jobs.to_extend()[0].token == 2);
  }
  CHECK(jobs.size() == 1);
}

TEST_CASE("HeldJobs: what has answered is not stopped any more") {
  HeldJobs jobs;
  HeldJob job = held(jobs, 1, seconds(60), milliseconds(0));
  job.answered();
  jobs.enforce(Deadline::after(milliseconds(0)));
  CHECK_FALSE(job.stop().cancelled());
  CHECK(jobs.to_extend().size() == 1);  // the broker is still to be told
}

TEST_CASE("JobMetrics: the exception label is a class, never a sentence") {
  CHECK(failure_class("provider.timeout: no answer in 60 s") == "provider.timeout");
  CHECK(failure_class("moderation_blocked") == "moderation_blocked");
  CHECK(failure_class("the provider said no: twice") == "Error");
  CHECK(failure_class("") == "Error");
  CHECK(failure_class(": x") == "Error");
  CHECK(failure_class(std::string(65, 'x')) == "Error");
}

TEST_CASE("Worker ids are unique and carry host and process") {
  const std::string id = new_worker_id();
  CHECK(id.starts_with(host_name() + "-"));
  CHECK(id != new_worker_id());
}

}  // namespace selvage::work
