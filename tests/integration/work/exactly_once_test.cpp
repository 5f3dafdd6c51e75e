// Several workers, each with a connection and a loop of its own as in separate processes, on one
// queue.
#include <array>

#include "integration/work/worker_fixture.hpp"

namespace selvage::work {

namespace {

constexpr std::size_t kTasks = 10'000;

class CountingHandler final : public JobHandler {
 public:
  Task<Outcome> handle(JobContext job) override {
    const auto index = static_cast<std::size_t>(std::stoul(job.lease.ref.task_id));
    if (running_.at(index).exchange(true)) ++overlaps;
    co_await net::sleep_for(milliseconds(1));
    ++runs_.at(index);
    running_.at(index) = false;
    co_return Done{};
  }
  Task<void> give_up(JobContext, std::string) override { co_return; }
  std::string name() const override { return "count"; }

  [[nodiscard]] std::size_t run_once() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(runs_, [](const auto& runs) { return runs == 1; }));
  }

  std::atomic<int> overlaps = 0;

 private:
  std::array<std::atomic<int>, kTasks> runs_{};
  std::array<std::atomic<bool>, kTasks> running_{};
};

struct Process {
  Process(const testing::TestDatabase& place, JobHandler& handler, int number)
      : database(open_database(place)),
        broker(make_sql_broker(*database, {})),
        worker(*broker, handler, options(number)) {}

  static WorkerOptions options(int number) {
    WorkerOptions options = quick_options(100);
    options.id = "worker-" + std::to_string(number);
    options.lease_time = seconds(30);  // a slow machine must not look like a dead worker
    return options;
  }

  std::unique_ptr<data::Database> database;
  std::unique_ptr<Broker> broker;
  RunningWorker worker;
};

}  // namespace

TEST_CASE(
    "Worker: three of them run ten thousand tasks, each exactly once and never two at a time") {
  QueueFixture queue;
  std::vector<NewTask> tasks;
  for (std::size_t i = 0; i < kTasks; ++i) {
    tasks.push_back({.id = std::to_string(i),
                     .queue = kQueue,
                     .payload = "{}",
                     .priority = static_cast<int>(i % 10)});
  }
  queue.enqueue(std::move(tasks));

  const auto handler = std::make_unique<CountingHandler>();
  std::vector<std::unique_ptr<Process>> processes;
  for (int i = 0; i < 3; ++i) {
    processes.push_back(std::make_unique<Process>(queue.place, *handler, i));
  }
  std::uint64_t done = 0;
  CHECK(eventually(
      [&] {
        done = 0;
        for (const auto& process : processes) done += process->worker.status().done;
        return done >= kTasks;
      },
      seconds(60)));
  for (const auto& process : processes) {
    process->worker.stop();
    CHECK(process->worker.status().done > 0);
  }
  CHECK(done == kTasks);
  CHECK(handler->run_once() == kTasks);
  CHECK(handler->overlaps == 0);
  CHECK(value(await(queue.broker->depths())).empty());
}

}  // namespace selvage::work
