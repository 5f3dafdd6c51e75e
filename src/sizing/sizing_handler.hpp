// SizingHandler: runs tasks of wearon:tasks:sizing and keeps their answers in the database.
//
// A photo's host that is away is asked again, kFetchRetries times; then the task has failed, with
// the reason in its estimate. A malformed task goes to the dead letters, and its estimate says why.
// A task that ran before a crash finds its answer and is done.
#pragma once

#include "sizing/sizer.hpp"
#include "work/handler.hpp"

namespace selvage::sizing {

inline constexpr int kFetchRetries = 4;

// Belongs to one loop. Both outlive it.
class SizingHandler final : public work::JobHandler {
 public:
  SizingHandler(Sizer& sizer, data::Database& database) : sizer_(sizer), database_(database) {}
  Task<work::Outcome> handle(work::JobContext job) override;
  Task<void> give_up(work::JobContext job, std::string reason) override;
  std::string name() const override { return "sizing"; }
  TraceContext trace_parent(const work::Lease& lease) const override;

 private:
  Task<work::Outcome> bury(work::JobContext job, Error why);
  Task<work::Outcome> keep(work::JobContext job, Result<std::string> answer);

  Sizer& sizer_;
  data::Database& database_;
};

}  // namespace selvage::sizing
