// LMOVE of 200-byte elements by many coroutines over one connection.
//   bench_redis URL COMMANDS CALLERS   prints "<operations a second> <client CPU in us a command>"
#include <fmt/format.h>
#include <sys/resource.h>

#include <cstdlib>

#include "base/log.hpp"
#include "base/task_group.hpp"
#include "data/redis.hpp"
#include "net/loop.hpp"

namespace {

using namespace selvage;
using namespace selvage::data;

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](timeval t) { return double(t.tv_sec) + double(t.tv_usec) * 1e-6; };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

Task<void> move(Redis& redis, int times, bool& failed) {
  for (int i = 0; i < times && !failed; ++i) {
    const auto moved = co_await redis.send(
        RedisCommand("LMOVE").arg("bench").arg("bench").arg("RIGHT").arg("LEFT"));
    if (!moved || !moved->is_text()) failed = true;
  }
}

Task<bool> measure(Redis& redis, int commands, int callers) {
  const std::string element(200, 'x');
  (void)co_await redis.send(RedisCommand("DEL").arg("bench"));
  for (int i = 0; i < 1000; ++i) {
    (void)co_await redis.send(RedisCommand("LPUSH").arg("bench").arg(element));
  }
  bool failed = false;
  const double cpu = cpu_seconds();
  const SteadyTime start = steady_now();
  TaskGroup group;
  for (int i = 0; i < callers; ++i) group.spawn(move(redis, commands / callers, failed), "move");
  co_await group.join();
  const std::chrono::duration<double> took = steady_now() - start;
  const double used = cpu_seconds() - cpu;
  fmt::print("{:.0f} {:.3f}\n", commands / took.count(), used / commands * 1e6);
  co_await redis.close();
  co_return !failed;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: bench_redis URL COMMANDS CALLERS\n");
    return 2;
  }
  log::configure(log::Level::warning, log::Format::text);
  const auto url = RedisUrl::parse(argv[1]);
  if (!url) {
    fmt::print(stderr, "error: {}\n", url.error().describe());
    return 2;
  }
  net::Loop loop;
  Redis redis(loop, *url, {});
  return loop.run_until_done(measure(redis, std::atoi(argv[2]), std::atoi(argv[3]))) ? 0 : 1;
}
