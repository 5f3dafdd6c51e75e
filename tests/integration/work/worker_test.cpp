#include "work/worker.hpp"

#include <map>
#include <mutex>
#include <set>

#include "base/log.hpp"
#include "integration/work/worker_fixture.hpp"

namespace selvage::work {

namespace {

// Waits until it is told to stop or `length` has passed, then answers as it was made to; notes why
// it stopped.
class SleepingHandler final : public JobHandler {
 public:
  explicit SleepingHandler(milliseconds length, Outcome outcome = Done{})
      : length_(length), outcome_(std::move(outcome)) {}

  Task<Outcome> handle(JobContext job) override {
    ++started;
    most_at_once = std::max<int>(most_at_once, ++at_once);
    const bool slept = co_await net::sleep_for(length_, job.stop);
    --at_once;
    const std::scoped_lock lock(mutex);
    stops.push_back(slept ? StopReason::none : job.why->reason);
    if (slept) co_return outcome_;
    switch (job.why->reason) {
      case StopReason::drain:
        co_return HandBack{"draining"};
      case StopReason::lease_lost:
        co_return LeaseLost{};
      case StopReason::none:
      case StopReason::time_limit:
        break;
    }
    co_return Bury{"time_limit: it took too long"};
  }
  Task<void> give_up(JobContext job, std::string reason) override {
    const std::scoped_lock lock(mutex);
    given_up[job.lease.ref.task_id] = std::move(reason);
    co_return;
  }
  std::string name() const override { return "sleep"; }

  std::vector<StopReason> all_stops() {
    const std::scoped_lock lock(mutex);
    return stops;
  }

  std::atomic<int> started = 0;
  std::atomic<int> at_once = 0;
  std::atomic<int> most_at_once = 0;
  std::mutex mutex;
  std::vector<StopReason> stops;
  std::map<std::string, std::string> given_up;

 private:
  const milliseconds length_;
  const Outcome outcome_;
};

class ThrowingHandler final : public JobHandler {
 public:
  Task<Outcome> handle(JobContext job) override {
    if (job.lease.ref.task_id == "odd") throw 42;  // not even a std::exception
    throw std::runtime_error("index out of range");
    co_return Done{};
  }
  Task<void> give_up(JobContext job, std::string reason) override {
    if (job.lease.ref.task_id == "hopeless") throw std::runtime_error("no database");
    given_up = std::move(reason);
    co_return;
  }
  std::string name() const override { return "throw"; }
  std::string given_up;
};

std::string state_of(QueueFixture& queue, const std::string& id) {
  const auto view = queue.find(id);
  return view ? view->state : "gone";
}

}  // namespace

TEST_CASE("Worker: takes more or fewer jobs at once when it is told to") {
  QueueFixture queue;
  SleepingHandler handler(milliseconds(20));
  for (int i = 0; i < 60; ++i) queue.enqueue(std::to_string(i));
  RunningWorker worker(*queue.broker, handler, quick_options(2));
  CHECK(eventually([&] { return worker.status().done >= 6; }));
  CHECK(handler.most_at_once == 2);
  worker.set_concurrency(5);
  CHECK(eventually([&] { return worker.status().done >= 30; }));
  CHECK(handler.most_at_once == 5);
  CHECK(worker.status().concurrency == 5);
  worker.set_concurrency(1);
  // what was asked for before may still come
  CHECK(eventually([&] { return worker.status().done >= 45 && worker.status().active <= 1; }));
  handler.most_at_once = 0;
  CHECK(eventually([&] { return worker.status().done == 60; }));
  CHECK(handler.most_at_once == 1);
}

TEST_CASE("Worker: a handler of many kinds of task counts them itself") {
  class ManyKinds final : public JobHandler {
   public:
    Task<Outcome> handle(JobContext) override { co_return Done{}; }
    Task<void> give_up(JobContext, std::string) override { co_return; }
    std::string name() const override { return "many"; }
    bool counts_its_tasks() const override { return true; }
  };
  QueueFixture queue;
  ManyKinds handler;
  queue.enqueue("a");
  RunningWorker worker(*queue.broker, handler, quick_options());
  CHECK(eventually([&] { return worker.status().done == 1; }));
  CHECK_FALSE(worker.metrics().exposition().contains("celery_task_"));
}

TEST_CASE("Worker: runs at most as many jobs at once as it has places, and every one once") {
  QueueFixture queue;
  SleepingHandler handler(milliseconds(10));
  for (int i = 0; i < 40; ++i) queue.enqueue(std::to_string(i));
  RunningWorker worker(*queue.broker, handler, quick_options(4));
  CHECK(eventually([&] { return worker.status().done == 40; }));
  CHECK(handler.started == 40);
  CHECK(handler.most_at_once == 4);
  CHECK(worker.status().active == 0);
  worker.stop();
  CHECK(value(await(queue.broker->depths())).empty());
  const std::string metrics = worker.metrics().exposition();
  CHECK(metrics.contains("celery_task_succeeded_total{"));
  CHECK(metrics.contains("name=\"sleep\""));
  CHECK(metrics.contains("queue_name=\"tests\"} 40"));
}

TEST_CASE("Worker: starts a task that is enqueued while it waits without waiting for a poll") {
  QueueFixture queue({.poll = seconds(30)});
  SleepingHandler handler(milliseconds(0));
  WorkerOptions options = quick_options();
  options.poll = seconds(30);
  RunningWorker worker(*queue.broker, handler, options);
  std::this_thread::sleep_for(milliseconds(50));
  queue.enqueue("a");
  CHECK(eventually([&] { return worker.status().done == 1; }, seconds(20)));
}

TEST_CASE("Worker: heartbeats keep a job that is longer than the lease") {
  QueueFixture queue;
  SleepingHandler handler(milliseconds(4500));
  queue.enqueue("long");
  RunningWorker first(*queue.broker, handler, quick_options());
  REQUIRE(eventually([&] { return handler.started == 1; }));
  SleepingHandler other(milliseconds(0));
  WorkerOptions options = quick_options();
  options.id = "worker-2";
  RunningWorker second(*queue.broker, other, options);
  CHECK(eventually([&] { return first.status().done == 1; }));
  CHECK(other.started == 0);
}

TEST_CASE("Worker: a job whose holder died goes to another worker when the lease lapses") {
  QueueFixture queue;
  queue.enqueue("a");
  queue.lease_one(milliseconds(400), "a process that is killed now");
  const SteadyTime begin = steady_now();
  SleepingHandler handler(milliseconds(0));
  RunningWorker worker(*queue.broker, handler, quick_options());
  CHECK(eventually([&] { return worker.status().done == 1; }));
  CHECK(steady_now() - begin > milliseconds(300));
}

TEST_CASE("Worker: a job over the time limit is stopped and its failure stands") {
  QueueFixture queue;
  SleepingHandler handler(seconds(60));
  WorkerOptions options = quick_options();
  options.time_limit = milliseconds(200);
  queue.enqueue("slow");
  RunningWorker worker(*queue.broker, handler, options);
  CHECK(eventually([&] { return worker.status().failed == 1; }));
  CHECK(handler.all_stops() == std::vector{StopReason::time_limit});
  CHECK(state_of(queue, "slow") == "dead");
  CHECK(queue.find("slow")->reason == "time_limit: it took too long");
  CHECK(worker.metrics().exposition().contains("exception=\"time_limit\""));
}

TEST_CASE(
    "Worker: a failure that the handler recorded itself counts as failed, and the task is over") {
  QueueFixture queue;
  SleepingHandler handler(milliseconds(1), Done{"moderation_blocked"});
  queue.enqueue("blocked");
  RunningWorker worker(*queue.broker, handler, quick_options());
  CHECK(eventually([&] { return worker.status().failed == 1 && !queue.find("blocked"); }));
  CHECK(worker.status().done == 0);
  CHECK(worker.metrics().exposition().contains("exception=\"moderation_blocked\""));
}

TEST_CASE("Worker: a job whose lease another got is told so and changes nothing") {
  QueueFixture queue;
  SleepingHandler handler(seconds(60));
  queue.enqueue("stolen");
  RunningWorker worker(*queue.broker, handler, quick_options());
  REQUIRE(eventually([&] { return handler.started == 1; }));
  REQUIRE(eventually([&] { return state_of(queue, "stolen") == "leased"; }));
  const std::int64_t stolen = value(queue.database->write_blocking([](data::Transaction& tx) {
    return tx.execute("UPDATE tasks SET token = token + 1, holder = 'thief'");
  }));
  REQUIRE(stolen == 1);
  CHECK(eventually([&] { return handler.all_stops() == std::vector{StopReason::lease_lost}; }));
  CHECK(eventually([&] { return worker.status().active == 0; }));
  CHECK(queue.find("stolen")->holder == "thief");
  CHECK(worker.status().done == 0);
  worker.stop();
  CHECK(queue.find("stolen")->state == "leased");
}

TEST_CASE("Worker: a draining worker takes nothing new and finishes what it runs") {
  QueueFixture queue;
  SleepingHandler handler(milliseconds(400));
  queue.enqueue("running");
  RunningWorker worker(*queue.broker, handler, quick_options(1));
  REQUIRE(eventually([&] { return handler.started == 1; }));
  queue.enqueue("waiting");
  const SteadyTime begin = steady_now();
  worker.drain(seconds(10));
  CHECK(eventually([&] { return worker.status().draining; }));
  worker.stop(seconds(10));
  CHECK(steady_now() - begin < seconds(2));  // not the whole grace
  CHECK(handler.all_stops() == std::vector{StopReason::none});
  CHECK(state_of(queue, "running") == "gone");
  CHECK(state_of(queue, "waiting") == "ready");
}

TEST_CASE(
    "Worker: at the end of the grace jobs are handed back, and a later call only shortens it") {
  QueueFixture queue;
  SleepingHandler handler(seconds(60));
  queue.enqueue("a");
  queue.enqueue("b");
  RunningWorker worker(*queue.broker, handler, quick_options());
  REQUIRE(eventually([&] { return handler.started == 2; }));
  const SteadyTime begin = steady_now();
  worker.drain(milliseconds(200));
  worker.drain(seconds(60));
  worker.stop(seconds(60));
  CHECK(steady_now() - begin >= milliseconds(190));
  CHECK(steady_now() - begin < seconds(2));
  CHECK(handler.all_stops() == std::vector{StopReason::drain, StopReason::drain});
  const auto leases = queue.lease(2);  // at once: nobody waits for a lease to lapse
  REQUIRE(leases.size() == 2);
  CHECK(leases[0].deliveries == 1);
}

TEST_CASE("Worker: a second call without grace hurries") {
  QueueFixture queue;
  SleepingHandler handler(seconds(60));
  queue.enqueue("a");
  RunningWorker worker(*queue.broker, handler, quick_options());
  REQUIRE(eventually([&] { return handler.started == 1; }));
  worker.drain(seconds(60));
  const SteadyTime begin = steady_now();
  worker.stop(milliseconds(0));
  CHECK(steady_now() - begin < seconds(1));
}

TEST_CASE("Worker: an exception out of a handler is a failure with a reason, not the end") {
  const log::CaptureForTest logs;
  QueueFixture queue;
  ThrowingHandler handler;
  queue.enqueue("a");
  queue.enqueue("odd");
  RunningWorker worker(*queue.broker, handler, quick_options());
  CHECK(eventually([&] { return worker.status().failed == 2; }));
  CHECK(queue.find("a")->reason == "bug: index out of range");
  CHECK(queue.find("odd")->reason == "bug: unknown exception");
  worker.stop();
  CHECK(logs.contains("\"event\":\"job_crashed\""));
  CHECK(logs.contains("\"task_id\":\"a\""));
}

TEST_CASE("Worker: when giving up fails too, the task stays and is given up later") {
  const log::CaptureForTest logs;
  QueueFixture queue;
  ThrowingHandler handler;
  queue.enqueue("hopeless");
  RunningWorker worker(*queue.broker, handler, quick_options());
  CHECK(eventually([&] { return worker.status().retried == 1; }));
  CHECK(state_of(queue, "hopeless") == "delayed");
}

TEST_CASE("Worker: a task that killed its worker too often is given up and buried") {
  const log::CaptureForTest logs;
  QueueFixture queue;
  queue.enqueue("poison");
  for (int i = 0; i < 3; ++i) {
    queue.lease_one(milliseconds(1));
    std::this_thread::sleep_for(milliseconds(5));
  }
  SleepingHandler handler(milliseconds(0));
  RunningWorker worker(*queue.broker, handler, quick_options());
  CHECK(eventually([&] { return worker.status().failed == 1; }));
  CHECK(handler.started == 0);
  CHECK(handler.given_up.at("poison") == "poison: the worker died with it 3 times");
  CHECK(queue.find("poison")->reason == "poison: the worker died with it 3 times");
}

TEST_CASE("Worker: retries are no crashes, so a task that is retried often is not poison") {
  QueueFixture queue;
  queue.enqueue("retried");
  for (int i = 0; i < 5; ++i) {
    CHECK(value(await(queue.broker->retry_later(queue.lease_one().ref, now(), "again"))));
  }
  SleepingHandler handler(milliseconds(0));
  RunningWorker worker(*queue.broker, handler, quick_options());
  CHECK(eventually([&] { return worker.status().done == 1; }));
}

TEST_CASE("Worker: a job that asks for a later try is run again after its wait") {
  QueueFixture queue;
  SleepingHandler handler(milliseconds(0), RetryLater{milliseconds(300), "not yet"});
  queue.enqueue("a");
  RunningWorker worker(*queue.broker, handler, quick_options());
  CHECK(eventually([&] { return worker.status().retried == 1; }));
  const SteadyTime begin = steady_now();
  CHECK(eventually([&] { return worker.status().retried == 2; }));
  CHECK(steady_now() - begin > milliseconds(200));
  worker.stop();
  CHECK(queue.find("a")->retries >= 2);
  CHECK(queue.find("a")->reason == "not yet");
}

TEST_CASE("Worker: drained before it starts, it ends at once") {
  QueueFixture queue;
  SleepingHandler handler(milliseconds(0));
  queue.enqueue("a");
  net::Loop loop;
  Registry metrics;
  Worker worker(loop, *queue.broker, handler, quick_options(), metrics);
  worker.drain(seconds(1));
  loop.run_until_done(worker.run());
  CHECK(handler.started == 0);
}

}  // namespace selvage::work
