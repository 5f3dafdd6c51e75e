// The metrics of sizing, named and described in one place, and the stages that they time.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "base/trace.hpp"

namespace selvage::sizing::detail {

struct Meters {
  explicit Meters(Registry& given);

  Registry& registry;
  // sizing_stage_seconds{stage}
  Histogram& chart;
  Histogram& fetch;
  Histogram& turn;
  Histogram& decode;
  Histogram& detect;
  Histogram& landmarks;
  Histogram& measure;
  Histogram& whole;
  // sizing_requests_total{outcome}
  Counter& sized;
  Counter& cached;
  Counter& refused;
  Counter& failed;
  Gauge& active;  // sizing_active
};

// Times itself from its construction to its end, and is a span of its name below the question's
// when that is traced. One thread at a time.
class Stage {
 public:
  // `question` may be null.
  Stage(Histogram& seconds, std::string_view name, const Span* question)
      : span_(child_of(question, name)), seconds_(&seconds) {}
  ~Stage() { end(); }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  void end() {
    if (seconds_ == nullptr) return;
    seconds_->observe(std::chrono::duration<double>(steady_now() - begin_).count());
    seconds_ = nullptr;
    span_.end();
  }
  // What it came to; an error's code becomes the span's failure.
  template <class Outcome>
  [[nodiscard]] Outcome with(Outcome outcome) {
    if (!outcome) span_.fail(outcome.error().code);
    return outcome;
  }

 private:
  Span span_;
  Histogram* seconds_;  // null: it has ended
  const SteadyTime begin_ = steady_now();
};

}  // namespace selvage::sizing::detail
