// The worker that is measured beside the peers: the engine as `selvage worker` runs it, with tasks
// that do nothing, note how late they began, or wait. Ends on SIGTERM.
//
//   bench_broker --redis URL --queue NAME [--form plain|celery] [--concurrency N]
#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "base/json.hpp"
#include "base/log.hpp"
#include "base/task_group.hpp"
#include "celery/node.hpp"
#include "data/migrations.hpp"
#include "data/redis_url.hpp"
#include "data/sqlite_database.hpp"
#include "net/loop.hpp"
#include "work/redis_broker.hpp"
#include "work/sqlite_broker.hpp"
#include "work/worker.hpp"

namespace selvage {

namespace {

struct Options {
  std::string redis;
  std::string queue;
  std::string form = "plain";
  std::size_t concurrency = 128;
};

[[noreturn]] void stop(const std::string& message) {
  fmt::print(stderr, "error: {}\n", message);
  exit(1);
}

void note_latency(double sent) {
  const auto time =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch());
  static std::ofstream out(std::getenv("LATENCY_FILE"), std::ios::app);
  out << time.count() - sent << std::endl;
}

Task<void> run_named(std::string task, double value) {
  if (task == "stamp") note_latency(value);
  if (task == "sleep")
    co_await net::sleep_for(milliseconds(static_cast<std::int64_t>(value * 1000)));
}

class PlainTasks final : public work::JobHandler {
 public:
  Task<work::Outcome> handle(work::JobContext job) override {
    const auto payload = boost::json::parse(job.lease.payload).as_object();
    co_await run_named(std::string(payload.at("task").as_string()),
                       payload.at("value").to_number<double>());
    co_return work::Done{};
  }
  Task<void> give_up(work::JobContext, std::string) override { co_return; }
  std::string name() const override { return "bench"; }
};

Task<celery::FunctionResult> celery_task(celery::TaskCall call) {
  const auto args = boost::json::parse(call.message.args).as_array();
  co_await run_named(call.message.task, args.empty() ? 0 : args[0].to_number<double>());
  co_return celery::Returned{"null"};
}

Task<void> run_plain(work::Broker& broker, const Options& options, net::StopSignals& signals) {
  PlainTasks tasks;
  Registry metrics;
  work::Worker worker(net::Loop::current(), broker, tasks,
                      {.id = "bench", .queue = options.queue, .concurrency = options.concurrency},
                      metrics);
  TaskGroup running;
  running.spawn(worker.run(), "worker");
  co_await signals.next();
  worker.drain(seconds(5));
  co_await running.join();
}

Task<void> run_celery(work::Broker& broker, data::RedisUrl url, const Options& options,
                      net::StopSignals& signals) {
  celery::Functions functions;
  for (const char* name : {"noop", "stamp", "sleep"}) functions.add(name, celery_task);
  Registry metrics;
  celery::Node node({.loop = net::Loop::current(),
                     .broker = broker,
                     .functions = std::move(functions),
                     .metrics = metrics,
                     .version = "bench",
                     .on_shut_down = [] {}},
                    {.name = "selvage@bench",
                     .queues = {options.queue},
                     .broker = std::move(url),
                     .worker = {.concurrency = options.concurrency}});
  TaskGroup running;
  running.spawn(node.run(), "node");
  co_await signals.next();
  node.drain(seconds(5));
  co_await running.join();
}

Task<void> serve(work::Broker& broker, data::RedisUrl url, Options options) {
  net::StopSignals signals(net::Loop::current());
  CancelSource ended;
  TaskGroup upkeep;
  upkeep.spawn(broker.run(ended.token()), "upkeep");
  if (options.form == "celery") {
    co_await run_celery(broker, std::move(url), options, signals);
  } else {
    co_await run_plain(broker, options, signals);
  }
  ended.cancel();
  co_await upkeep.join();
  co_await broker.close();
}

Options read_options(std::span<char*> arguments) {
  Options options;
  std::map<std::string_view, std::string*> texts{
      {"--redis", &options.redis}, {"--queue", &options.queue}, {"--form", &options.form}};
  for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) {
    const std::string_view name = arguments[i];
    if (name == "--concurrency") {
      options.concurrency = std::strtoul(arguments[i + 1], nullptr, 10);
    } else if (const auto text = texts.find(name); text != texts.end()) {
      *text->second = arguments[i + 1];
    } else {
      stop(fmt::format("unknown option {}", name));
    }
  }
  if (options.redis.empty() || options.queue.empty() || options.concurrency == 0) {
    stop("--redis and --queue are needed");
  }
  return options;
}

int run(std::span<char*> arguments) {
  log::configure(log::Level::warning, log::Format::text);
  const Options options = read_options(arguments);
  auto url = data::RedisUrl::parse(options.redis);
  if (!url) stop(url.error().describe());
  std::string directory = (std::filesystem::temp_directory_path() / "bench-broker-XXXXXX").string();
  if (mkdtemp(directory.data()) == nullptr) stop("cannot write to " + directory);
  {
    auto database = data::open_sqlite({.file = std::filesystem::path(directory) / "outbox.db"});
    if (!database) stop(database.error().describe());
    const std::span<const data::Migration> rooms[] = {work::kWorkMigrations};
    if (auto done = data::migrate(**database, rooms); !done) stop(done.error().describe());
    net::Loop loop;
    const work::QueueKind kind =
        options.form == "celery" ? work::QueueKind::celery : work::QueueKind::plain;
    const auto broker = work::make_redis_broker(
        **database, loop, *url, {.forms = {{.queue = options.queue, .kind = kind}}});
    loop.run_until_done(serve(*broker, *url, options));
  }
  std::filesystem::remove_all(directory);
  return 0;
}

}  // namespace

}  // namespace selvage

int main(int count, char** arguments) {
  return selvage::run({arguments + 1, static_cast<std::size_t>(count - 1)});
}
