// What operators see: the table of workers and the gauges of the queues.
#include "base/task_group.hpp"
#include "integration/work/worker_fixture.hpp"
#include "work/queue_metrics.hpp"
#include "work/worker_registry.hpp"
#include "work/worker_reporter.hpp"

namespace selvage::work {

namespace {

WorkerRow row(std::string id, std::string state = "running") {
  return {.id = std::move(id),
          .host = "host",
          .pid = 7,
          .version = "1",
          .queue = kQueue,
          .concurrency = 8,
          .state = std::move(state),
          .started_at = now(),
          .seen_at = now()};
}

void report(data::Database& database, WorkerRow worker) {
  value(database.write_blocking([&](data::Transaction& tx) { return report_worker(tx, worker); }));
}

std::vector<WorkerRow> listed(data::Database& database) {
  return value(database.read_blocking([](data::Transaction& tx) { return list_workers(tx); }));
}

class Idle final : public JobHandler {
 public:
  Task<Outcome> handle(JobContext) override { co_return Done{}; }
  Task<void> give_up(JobContext, std::string) override { co_return; }
  std::string name() const override { return "idle"; }
};

}  // namespace

TEST_CASE(
    "Worker registry: a silent worker is lost, a stopped one is not, and both are forgotten") {
  ScopedClock clock(from_unix_ms(1'000'000'000'000));
  QueueFixture queue;
  report(*queue.database, row("silent"));
  report(*queue.database, row("stopped", "stopped"));
  clock.advance(seconds(10));
  WorkerRow busy = row("busy");
  report(*queue.database, busy);
  busy.active = 3;
  busy.state = "draining";
  report(*queue.database, busy);
  clock.advance(seconds(6));

  const auto workers = listed(*queue.database);
  REQUIRE(workers.size() == 3);
  CHECK(workers[0].id == "silent");
  CHECK(workers[0].state == "lost");
  CHECK(workers[1].state == "stopped");
  CHECK(workers[2].state == "draining");
  CHECK(workers[2].active == 3);

  clock.advance(std::chrono::hours(24));
  report(*queue.database, busy = row("busy"));
  CHECK(listed(*queue.database).size() == 1);
}

TEST_CASE("WorkerReporter: keeps the row fresh and leaves it as stopped") {
  QueueFixture queue;
  Idle handler;
  RunningWorker running(*queue.broker, handler, quick_options());
  WorkerReporter reporter(*queue.database, running.worker(), "1.2.3");
  net::Loop loop;
  CancelSource stop;
  std::jthread thread([&] { loop.run_until_done(reporter.run(stop.token(), milliseconds(20))); });

  REQUIRE(eventually([&] { return listed(*queue.database).size() == 1; }));
  const WorkerRow first = listed(*queue.database)[0];
  CHECK(first.id == "worker-1");
  CHECK(first.version == "1.2.3");
  CHECK(first.state == "running");
  CHECK(first.concurrency == 4);
  CHECK(eventually([&] { return listed(*queue.database)[0].seen_at > first.seen_at; }));
  queue.enqueue("a");
  CHECK(eventually([&] { return listed(*queue.database)[0].done == 1; }));
  running.stop();
  CHECK(eventually([&] { return listed(*queue.database)[0].state == "draining"; }));
  loop.post([&] { stop.cancel(); });
  thread.join();
  CHECK(listed(*queue.database)[0].state == "stopped");
}

TEST_CASE("QueueMetrics: shows the depth of every queue, and zero once it is empty") {
  QueueFixture queue;
  Registry metrics;
  QueueMetrics gauges(*queue.broker, metrics, kQueue);
  const auto refreshed = [&] {
    CancelSource stop;
    stop.cancel();
    await(gauges.run(stop.token()));
    return metrics.exposition();
  };
  CHECK(refreshed().contains("celery_queue_length{queue_name=\"tests\"} 0"));
  queue.enqueue("a");
  queue.enqueue({{.id = "b", .queue = "other", .payload = ""}});
  const std::string full = refreshed();
  CHECK(full.contains("celery_queue_length{queue_name=\"tests\"} 1"));
  CHECK(full.contains("celery_queue_length{queue_name=\"other\"} 1"));
  const Lease lease = queue.lease_one();
  CHECK(refreshed().contains("selvage_queue_leased{queue_name=\"tests\"} 1"));
  CHECK(value(await(queue.broker->bury(lease.ref, "x"))));
  const std::string dead = refreshed();
  CHECK(dead.contains("celery_queue_length{queue_name=\"tests\"} 0"));
  CHECK(dead.contains("selvage_queue_dead{queue_name=\"tests\"} 1"));
}

}  // namespace selvage::work
