#include "sizing/detail/stage.hpp"

namespace selvage::sizing::detail {
namespace {

// Upper bounds in seconds: from a cached answer to a slow picture host.
constexpr double kStageBuckets[] = {0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075,
                                    0.1,   0.2,   0.5,   1,    2,    5,    10,   30};

Histogram& stage(Registry& registry, std::string name) {
  return registry.histogram("sizing_stage_seconds", "Time of one stage of sizing a photo.",
                            kStageBuckets, {{"stage", std::move(name)}});
}

Counter& outcome(Registry& registry, std::string name) {
  return registry.counter("sizing_requests_total", "Photos to be sized by what they came to.",
                          {{"outcome", std::move(name)}});
}

}  // namespace

Meters::Meters(Registry& given)
    : registry(given),
      chart(stage(given, "chart")),
      fetch(stage(given, "fetch")),
      turn(stage(given, "turn")),
      decode(stage(given, "decode")),
      detect(stage(given, "detect")),
      landmarks(stage(given, "landmarks")),
      measure(stage(given, "measure")),
      whole(stage(given, "all")),
      sized(outcome(given, "sized")),
      cached(outcome(given, "cached")),
      refused(outcome(given, "refused")),
      failed(outcome(given, "failed")),
      active(given.gauge("sizing_active", "Photos that are being sized now.")) {}

}  // namespace selvage::sizing::detail
