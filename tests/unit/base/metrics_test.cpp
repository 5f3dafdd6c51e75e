#include "base/metrics.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <thread>

#include "base/text.hpp"

namespace selvage {
namespace {

// The exposition without the process_* families, whose values differ at each run.
std::string own_metrics(Registry& registry) {
  const std::string all = registry.exposition();
  return all.substr(0, all.find("# HELP process_"));
}

TEST_CASE("Registry: the exposition is the text format 0.0.4, sorted and escaped") {
  Registry registry;
  registry
      .counter("http_requests_total", "Requests by path.", {{"path", "/jobs"}, {"method", "GET"}})
      .add(3);
  registry
      .counter("http_requests_total", "Requests by path.",
               {{"method", "GET"}, {"path", "/a\"b\\c\nd"}})
      .add();
  registry.gauge("queue_depth", "Tasks that wait,\nby \\ queue.").set(2.5);
  registry.gauge("odd_values", "Not numbers.", {{"v", "nan"}}).set(std::nan(""));
  registry.gauge("odd_values", "Not numbers.", {{"v", "inf"}})
      .set(std::numeric_limits<double>::infinity());
  constexpr double kBounds[] = {.5, 1, 2.5};
  auto& histogram =
      registry.histogram("job_seconds", "Duration of jobs.", kBounds, {{"channel", "b2b"}});
  for (const double value : {0.25, 0.5, 0.75, 2.0, 99.0}) histogram.observe(value);

  CHECK(own_metrics(registry) == R"(# HELP http_requests_total Requests by path.
# TYPE http_requests_total counter
http_requests_total{method="GET",path="/a\"b\\c\nd"} 1
http_requests_total{method="GET",path="/jobs"} 3
# HELP job_seconds Duration of jobs.
# TYPE job_seconds histogram
job_seconds_bucket{channel="b2b",le="0.5"} 2
job_seconds_bucket{channel="b2b",le="1"} 3
job_seconds_bucket{channel="b2b",le="2.5"} 4
job_seconds_bucket{channel="b2b",le="+Inf"} 5
job_seconds_sum{channel="b2b"} 102.5
job_seconds_count{channel="b2b"} 5
# HELP odd_values Not numbers.
# TYPE odd_values gauge
odd_values{v="inf"} +Inf
odd_values{v="nan"} NaN
# HELP queue_depth Tasks that wait,\nby \\ queue.
# TYPE queue_depth gauge
queue_depth 2.5
)");
}

TEST_CASE(
    "Registry: one name and one set of labels is one series, in whatever order the labels come") {
  Registry registry;
  auto& first = registry.counter("c_total", "help", {{"a", "1"}, {"b", "2"}});
  auto& second = registry.counter("c_total", "help", {{"b", "2"}, {"a", "1"}});
  CHECK(&first == &second);
  CHECK(&first != &registry.counter("c_total", "help", {{"a", "1"}, {"b", "3"}}));
}

TEST_CASE("Registry: hostile label values end in one series instead of eating memory") {
  Registry registry;
  for (int i = 0; i < 5'000; ++i) {
    registry.counter("hits_total", "help", {{"path", std::to_string(i)}}).add();
  }
  const std::string text = own_metrics(registry);
  CHECK(split(text, '\n').size() == 2 + 1'001 + 1);
  CHECK(text.find("hits_total{path=\"other\"} 4000\n") != std::string::npos);
  CHECK(&registry.counter("hits_total", "help", {{"path", "7"}}) !=
        &registry.counter("hits_total", "help", {{"path", "other"}}));
}

TEST_CASE("Registry: broken UTF-8 in a label does not break the scrape") {
  Registry registry;
  registry.counter("c_total", "help", {{"v", "a\xFF"}}).add();
  CHECK(is_valid_utf8(registry.exposition()));
}

TEST_CASE("Registry: refreshers run at each exposition and may look up series") {
  Registry registry;
  int scrapes = 0;
  registry.on_scrape([&] { registry.gauge("fresh", "help").set(++scrapes); });
  CHECK(own_metrics(registry).find("fresh 1\n") != std::string::npos);
  CHECK(own_metrics(registry).find("fresh 2\n") != std::string::npos);
}

TEST_CASE("Registry: the process reports its memory, CPU time, descriptors and start") {
  Registry registry;
  const std::string text = registry.exposition();
  const auto value = [&](std::string_view name) {
    const auto at = text.find("\n" + std::string(name) + " ");
    REQUIRE(at != std::string::npos);
    return std::stod(text.substr(at + name.size() + 2));
  };
  CHECK(value("process_resident_memory_bytes") > 100'000);
  CHECK(value("process_cpu_seconds_total") > 0);
  CHECK(value("process_open_fds") >= 3);
  const double age =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count() -
      value("process_start_time_seconds");
  CHECK(age > -2);
  CHECK(age < 600);
}

TEST_CASE("Histogram: a quantile is the upper bound of its bucket, at most the last one") {
  constexpr double kBounds[] = {1, 2, 4};
  Histogram histogram(kBounds);
  CHECK(histogram.quantile(0.5) == 0);
  for (int i = 0; i < 90; ++i) histogram.observe(0.5);
  for (int i = 0; i < 9; ++i) histogram.observe(3);
  histogram.observe(1'000);
  CHECK(histogram.quantile(0) == 1);
  CHECK(histogram.quantile(0.5) == 1);
  CHECK(histogram.quantile(0.9) == 1);
  CHECK(histogram.quantile(0.95) == 4);
  CHECK(histogram.quantile(1) == 4);
  CHECK(histogram.count() == 100);
}

TEST_CASE("Histogram: what is no number is not counted") {
  Histogram histogram(kJobBuckets);
  histogram.observe(std::nan(""));
  CHECK(histogram.count() == 0);
  CHECK(histogram.sum() == 0);
}

TEST_CASE("metrics: threads that count together lose nothing, while others scrape") {
  Registry registry;
  auto& counter = registry.counter("c_total", "help");
  auto& gauge = registry.gauge("g", "help");
  auto& histogram = registry.histogram("h_seconds", "help", kHttpBuckets);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 5'000; ++i) {
          counter.add();
          gauge.add(1);
          histogram.observe(0.01);
          if (i % 1'000 == 0)
            registry.counter("c2_total", "help", {{"t", std::to_string(t)}}).add();
        }
      });
    }
    for (int i = 0; i < 20; ++i) (void)registry.exposition();
  }
  CHECK(counter.value() == 20'000);
  CHECK(gauge.value() == 20'000);
  CHECK(histogram.count() == 20'000);
}

}  // namespace
}  // namespace selvage
