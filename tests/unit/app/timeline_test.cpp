#include "app/timeline.hpp"

#include <doctest/doctest.h>

namespace selvage::app {
namespace {

tryon::Session finished(milliseconds took, tryon::SessionStatus status) {
  tryon::Session session;
  session.created_at = from_unix_ms(1'000'000);
  session.finished_at = session.created_at + took;
  session.status = status;
  return session;
}

TEST_CASE("Timeline: a step counts its jobs and forgets them with the next") {
  Timeline timeline;
  for (int i = 1; i <= 100; ++i) {
    timeline.record(finished(milliseconds(i), tryon::SessionStatus::completed));
  }
  timeline.record(finished(milliseconds(5000), tryon::SessionStatus::failed));
  const work::QueueDepth depths[] = {{.queue = "a", .ready = 3, .leased = 1},
                                     {.queue = "b", .ready = 4}};
  timeline.close_step(from_unix_ms(5000), depths);
  timeline.close_step(from_unix_ms(10'000), {});
  const auto points = timeline.last(std::chrono::minutes(1));
  REQUIRE(points.size() == 2);
  CHECK(points[0].completed == 100);
  CHECK(points[0].failed == 1);
  CHECK(points[0].ready == 7);
  CHECK(points[0].leased == 1);
  CHECK(points[0].p50_ms == doctest::Approx(51));
  CHECK(points[0].p95_ms == doctest::Approx(96));
  CHECK(points[1].completed == 0);
  CHECK(points[1].p95_ms == 0);
}

TEST_CASE("Timeline: keeps an hour, the newest, in order") {
  Timeline timeline;
  for (std::size_t i = 0; i < kTimelinePoints + 50; ++i) {
    timeline.close_step(from_unix_ms(static_cast<std::int64_t>(i)), {});
  }
  const auto points = timeline.last(std::chrono::hours(2));
  REQUIRE(points.size() == kTimelinePoints);
  for (std::size_t i = 0; i < points.size(); ++i) {
    CHECK(points[i].at == from_unix_ms(static_cast<std::int64_t>(i + 50)));
  }
  const auto some = timeline.last(kTimelineStep * 3);
  REQUIRE(some.size() == 3);
  CHECK(some.back().at == points.back().at);
}

TEST_CASE("Timeline: a session that has not ended is not counted") {
  Timeline timeline;
  timeline.record({});
  timeline.close_step(from_unix_ms(1), {});
  CHECK(timeline.last(kTimelineStep)[0].completed == 0);
}

}  // namespace
}  // namespace selvage::app
