// What a worker does while its broker is away. The real broker cannot be made to fail on demand, so
// one in front of it refuses calls while it is told to.
#include "base/log.hpp"
#include "integration/work/worker_fixture.hpp"

namespace selvage::work {

namespace {

class OutageBroker final : public Broker {
 public:
  explicit OutageBroker(Broker& behind) : behind_(behind) {}

  std::atomic<bool> lease_fails = false;
  std::atomic<bool> extend_fails = false;
  std::atomic<bool> settle_fails = false;
  std::atomic<int> leases = 0;
  std::atomic<int> settles = 0;

  Result<void> enqueue(data::Transaction& tx, std::span<const NewTask> tasks) override {
    return behind_.enqueue(tx, tasks);
  }
  void notify() override { behind_.notify(); }
  [[clang::coro_wrapper]] Task<void> run(CancelToken stop) override {
    return behind_.run(std::move(stop));
  }
  [[clang::coro_wrapper]] Task<void> close() override { return behind_.close(); }
  Task<Result<std::vector<Lease>>> lease(std::string queue, std::string worker_id, std::size_t max,
                                         milliseconds duration) override {
    ++leases;
    if (lease_fails) co_return away();
    co_return co_await behind_.lease(std::move(queue), std::move(worker_id), max, duration);
  }
  Task<Result<std::vector<LeaseRef>>> extend(std::vector<LeaseRef> held,
                                             milliseconds duration) override {
    if (extend_fails) co_return away();
    co_return co_await behind_.extend(std::move(held), duration);
  }
  Task<Result<bool>> complete(LeaseRef lease) override {
    ++settles;
    if (settle_fails) co_return away();
    co_return co_await behind_.complete(std::move(lease));
  }
  [[clang::coro_wrapper]] Task<Result<bool>> retry_later(LeaseRef lease, Timestamp run_at,
                                                         std::string reason) override {
    return behind_.retry_later(std::move(lease), run_at, std::move(reason));
  }
  [[clang::coro_wrapper]] Task<Result<bool>> hand_back(LeaseRef lease,
                                                       Timestamp not_before) override {
    return behind_.hand_back(std::move(lease), not_before);
  }
  [[clang::coro_wrapper]] Task<Result<bool>> bury(LeaseRef lease, std::string reason) override {
    return behind_.bury(std::move(lease), std::move(reason));
  }
  [[clang::coro_wrapper]] Task<void> wait_for_work(std::string queue, milliseconds at_most,
                                                   CancelToken cancel) override {
    return behind_.wait_for_work(std::move(queue), at_most, std::move(cancel));
  }
  [[clang::coro_wrapper]] Task<Result<std::vector<std::string>>> alive(
      std::string queue, std::vector<std::string> ids) override {
    return behind_.alive(std::move(queue), std::move(ids));
  }
  [[clang::coro_wrapper]] Task<Result<void>> pause(std::string queue, bool paused) override {
    return behind_.pause(std::move(queue), paused);
  }
  [[clang::coro_wrapper]] Task<Result<std::vector<QueueDepth>>> depths() override {
    return behind_.depths();
  }
  [[clang::coro_wrapper]] Task<Result<SoonestTasks>> soonest(std::string queue,
                                                             std::size_t limit) override {
    return behind_.soonest(std::move(queue), limit);
  }
  [[clang::coro_wrapper]] Task<Result<std::vector<TaskView>>> list(std::string queue,
                                                                   std::string state,
                                                                   std::size_t limit,
                                                                   std::string after) override {
    return behind_.list(std::move(queue), std::move(state), limit, std::move(after));
  }
  [[clang::coro_wrapper]] Task<Result<std::optional<TaskView>>> find(std::string queue,
                                                                     std::string id) override {
    return behind_.find(std::move(queue), std::move(id));
  }
  [[clang::coro_wrapper]] Task<Result<bool>> revive(std::string queue, std::string id) override {
    return behind_.revive(std::move(queue), std::move(id));
  }
  [[clang::coro_wrapper]] Task<Result<bool>> discard_dead(std::string queue,
                                                          std::string id) override {
    return behind_.discard_dead(std::move(queue), std::move(id));
  }
  [[clang::coro_wrapper]] Task<Result<void>> ping() override { return behind_.ping(); }

 private:
  static std::unexpected<Error> away() {
    return fail(ErrorKind::unavailable, "db.unavailable", "the queue is away");
  }
  Broker& behind_;
};

// Runs until it is stopped, or answers at once.
class PatientHandler final : public JobHandler {
 public:
  explicit PatientHandler(bool waits) : waits_(waits) {}
  Task<Outcome> handle(JobContext job) override {
    ++started;
    if (waits_) co_await net::sleep_for(seconds(60), job.stop);
    if (!job.stop.cancelled()) co_return Done{};
    reason = job.why->reason;
    co_return LeaseLost{};
  }
  Task<void> give_up(JobContext, std::string) override { co_return; }
  std::string name() const override { return "patient"; }

  std::atomic<int> started = 0;
  std::atomic<StopReason> reason = StopReason::none;

 private:
  const bool waits_;
};

}  // namespace

TEST_CASE(
    "Worker: errors of the broker are waited out, not hammered, and work goes on after them") {
  const log::CaptureForTest logs;
  QueueFixture queue;
  OutageBroker broker(*queue.broker);
  broker.lease_fails = true;
  PatientHandler handler(false);
  queue.enqueue("a");
  RunningWorker worker(broker, handler, quick_options());
  std::this_thread::sleep_for(milliseconds(550));
  CHECK(broker.leases >= 2);
  CHECK(broker.leases <= 6);  // one for each 100 ms of error_wait
  CHECK(handler.started == 0);
  broker.lease_fails = false;
  CHECK(eventually([&] { return worker.status().done == 1; }));
  worker.stop();
  CHECK(logs.contains("\"event\":\"queue_unavailable\""));
}

TEST_CASE("Worker: an acknowledgement that fails is repeated until the broker has it") {
  const log::CaptureForTest logs;
  QueueFixture queue;
  OutageBroker broker(*queue.broker);
  broker.settle_fails = true;
  PatientHandler handler(false);
  queue.enqueue("a");
  RunningWorker worker(broker, handler, quick_options());
  REQUIRE(eventually([&] { return broker.settles >= 3; }));
  CHECK(worker.status().done == 0);
  std::this_thread::sleep_for(quick_options().lease_time);  // the lease is kept meanwhile
  broker.settle_fails = false;
  CHECK(eventually([&] { return worker.status().done == 1; }));
  worker.stop();
  CHECK(handler.started == 1);
  CHECK_FALSE(queue.find("a"));
}

TEST_CASE("Worker: when leases cannot be extended in time, their jobs count as lost") {
  const log::CaptureForTest logs;
  QueueFixture queue;
  OutageBroker broker(*queue.broker);
  broker.extend_fails = true;
  PatientHandler handler(true);
  queue.enqueue("a");
  const SteadyTime begin = steady_now();
  RunningWorker worker(broker, handler, quick_options());
  CHECK(eventually([&] { return handler.reason == StopReason::lease_lost; }));
  CHECK(steady_now() - begin > quick_options().lease_time / 2);
  worker.stop();
  CHECK(logs.contains("\"event\":\"extend_failed\""));
}

TEST_CASE("Worker: a drain with the broker away ends when the leases do") {
  const log::CaptureForTest logs;
  QueueFixture queue;
  OutageBroker broker(*queue.broker);
  broker.settle_fails = true;
  broker.extend_fails = true;
  PatientHandler handler(false);
  queue.enqueue("a");
  RunningWorker worker(broker, handler, quick_options());
  REQUIRE(eventually([&] { return broker.settles >= 1; }));
  worker.stop();  // returns because the lease ends; waiting for the broker would take for ever
  CHECK(queue.find("a")->state == "leased");
}

}  // namespace selvage::work
