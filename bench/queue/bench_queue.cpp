// What the task engine costs: N no-op tasks are enqueued, one a transaction, then drained by one
// worker; every enqueue, lease and acknowledgement is durable (SQLite WAL, synchronous=FULL) before
// it counts.
//
//   bench_queue [--tasks N] [--concurrency C] [--producers P] [--directory DIR] [--json]
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <charconv>
#include <filesystem>
#include <map>
#include <string>

#include "base/id.hpp"
#include "base/log.hpp"
#include "base/task_group.hpp"
#include "data/migrations.hpp"
#include "data/sqlite_database.hpp"
#include "net/loop.hpp"
#include "work/sqlite_broker.hpp"
#include "work/worker.hpp"

namespace selvage::work {

namespace {

constexpr const char* kQueue = "bench";
// As large as a generation task usually is.
const std::string kTaskPayload = "{\"version\":1,\"prompt\":\"" + std::string(400, 'x') + "\"}";

struct Options {
  std::size_t tasks = 50'000;
  std::size_t concurrency = 256;
  std::size_t producers = 256;
  std::filesystem::path directory = std::filesystem::temp_directory_path();
  bool json = false;
};

class NoOp final : public JobHandler {
 public:
  NoOp(std::size_t expected, CancelSource& finished) : left_(expected), finished_(finished) {}
  Task<Outcome> handle(JobContext) override {
    if (--left_ == 0) finished_.cancel();
    co_return Done{};
  }
  Task<void> give_up(JobContext, std::string) override { co_return; }
  std::string name() const override { return "noop"; }

 private:
  std::size_t left_;
  CancelSource& finished_;
};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds_of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

struct Phase {
  double wall = 0;
  double cpu = 0;
};

class Stopwatch {
 public:
  [[nodiscard]] Phase read() const {
    const std::chrono::duration<double> wall = steady_now() - begin_;
    return {wall.count(), cpu_seconds() - cpu_};
  }

 private:
  SteadyTime begin_ = steady_now();
  double cpu_ = cpu_seconds();
};

[[noreturn]] void stop(const std::string& message) {
  fmt::print(stderr, "error: {}\n", message);
  exit(1);
}

// One of several clients, each of which waits for its commit before it sends the next task.
Task<void> produce(data::Database& database, Broker& broker, std::size_t& left) {
  while (left > 0) {
    --left;
    const auto done = co_await database.write([&broker](data::Transaction& tx) {
      const NewTask tasks[] = {{.id = new_uuid(), .queue = kQueue, .payload = kTaskPayload}};
      return broker.enqueue(tx, tasks);
    });
    if (!done) stop(done.error().describe());
    broker.notify();
  }
}

Task<void> enqueue_all(data::Database& database, Broker& broker, Options options) {
  std::size_t left = options.tasks;
  TaskGroup group;
  for (std::size_t i = 0; i < options.producers; ++i) {
    group.spawn(produce(database, broker, left), "producer");
  }
  co_await group.join();
}

Task<void> drain_when(Worker& worker, CancelToken finished) {
  co_await net::sleep_for(std::chrono::hours(1), finished);
  worker.drain(seconds(60));
}

Task<void> drain_all(Broker& broker, Options options) {
  CancelSource finished;
  NoOp handler(options.tasks, finished);
  Registry metrics;
  Worker worker(net::Loop::current(), broker, handler,
                {.id = "bench-worker", .queue = kQueue, .concurrency = options.concurrency},
                metrics);
  TaskGroup group;
  group.spawn(drain_when(worker, finished.token()), "finish");
  co_await worker.run();
  co_await group.join();
  if (worker.status().done != options.tasks) {
    stop(fmt::format("{} of {} tasks were done", worker.status().done, options.tasks));
  }
}

Options read_options(std::span<char*> arguments) {
  Options options;
  std::map<std::string_view, std::size_t*> numbers{{"--tasks", &options.tasks},
                                                   {"--concurrency", &options.concurrency},
                                                   {"--producers", &options.producers}};
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view name = arguments[i];
    if (name == "--json") {
      options.json = true;
      continue;
    }
    if (i + 1 == arguments.size()) stop(fmt::format("{} needs a value or is unknown", name));
    const std::string_view text = arguments[++i];
    if (name == "--directory") {
      options.directory = text;
    } else if (const auto number = numbers.find(name); number != numbers.end()) {
      const auto read = std::from_chars(text.data(), text.data() + text.size(), *number->second);
      if (read.ec != std::errc() || *number->second == 0) stop(fmt::format("bad {}", name));
    } else {
      stop(fmt::format("unknown option {}", name));
    }
  }
  return options;
}

void print(const Options& options, Phase enqueue, Phase drain) {
  const auto tasks = static_cast<double>(options.tasks);
  const double wall = enqueue.wall + drain.wall;
  const double cpu = enqueue.cpu + drain.cpu;
  const auto micros = [&](double seconds) { return seconds / tasks * 1e6; };
  if (options.json) {
    fmt::print(
        "{{\"enqueue_per_s\": {:.0f}, \"drain_per_s\": {:.0f}, \"whole_per_s\": {:.0f}, "
        "\"enqueue_cpu_us\": {:.1f}, \"drain_cpu_us\": {:.1f}, \"cpu_us\": {:.1f}}}\n",
        tasks / enqueue.wall, tasks / drain.wall, tasks / wall, micros(enqueue.cpu),
        micros(drain.cpu), micros(cpu));
    return;
  }
  fmt::print("{} tasks, {} producers, concurrency {}\n", options.tasks, options.producers,
             options.concurrency);
  fmt::print("enqueue {:>8.0f} tasks/s {:>6.1f} us CPU each\n", tasks / enqueue.wall,
             micros(enqueue.cpu));
  fmt::print("drain   {:>8.0f} tasks/s {:>6.1f} us CPU each\n", tasks / drain.wall,
             micros(drain.cpu));
  fmt::print("whole   {:>8.0f} tasks/s {:>6.1f} us CPU each\n", tasks / wall, micros(cpu));
}

int run(std::span<char*> arguments) {
  log::configure(log::Level::warning, log::Format::text);
  const Options options = read_options(arguments);
  std::string directory = (options.directory / "bench-queue-XXXXXX").string();
  if (mkdtemp(directory.data()) == nullptr) stop("cannot write to " + directory);
  {
    auto database = data::open_sqlite({.file = std::filesystem::path(directory) / "queue.db"});
    if (!database) stop(database.error().describe());
    const std::span<const data::Migration> rooms[] = {kWorkMigrations};
    if (auto done = data::migrate(**database, rooms); !done) stop(done.error().describe());
    const auto broker =
        make_sql_broker(**database, {.max_ready = static_cast<std::int64_t>(options.tasks)});

    const Stopwatch enqueue;
    net::Loop producers;
    producers.run_until_done(enqueue_all(**database, *broker, options));
    const Phase enqueued = enqueue.read();
    const Stopwatch drain;
    net::Loop worker;
    worker.run_until_done(drain_all(*broker, options));
    print(options, enqueued, drain.read());
  }
  std::filesystem::remove_all(directory);
  return 0;
}

}  // namespace

}  // namespace selvage::work

int main(int count, char** arguments) {
  return selvage::work::run({arguments + 1, static_cast<std::size_t>(count - 1)});
}
