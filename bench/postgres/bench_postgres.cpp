// Transactions of one insert, by many coroutines through the pool.
//   bench_postgres URL TRANSACTIONS CONNECTIONS CALLERS
// prints "<transactions a second> <client CPU in us a transaction>". The table bench_rows exists.
#include <fmt/format.h>
#include <sys/resource.h>

#include <cstdlib>

#include "base/log.hpp"
#include "base/task_group.hpp"
#include "data/api_keys.hpp"
#include "data/migrations.hpp"
#include "data/postgres_database.hpp"
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

Task<void> insert(Database& database, int times, bool& failed) {
  const std::string text(200, 'x');
  for (int i = 0; i < times && !failed; ++i) {
    const auto done = co_await database.write([&](Transaction& tx) {
      return tx.execute("INSERT INTO bench_rows (note) VALUES ($1)", {text});
    });
    if (done) continue;
    fmt::print(stderr, "error: {}\n", done.error().describe());
    failed = true;
  }
}

Task<bool> measure(Database& database, int transactions, int callers) {
  bool failed = false;
  const double cpu = cpu_seconds();
  const SteadyTime start = steady_now();
  TaskGroup group;
  for (int i = 0; i < callers; ++i) {
    group.spawn(insert(database, transactions / callers, failed), "insert");
  }
  co_await group.join();
  const std::chrono::duration<double> took = steady_now() - start;
  const double used = cpu_seconds() - cpu;
  fmt::print("{:.0f} {:.1f}\n", transactions / took.count(), used / transactions * 1e6);
  co_return !failed;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    fmt::print(stderr, "usage: bench_postgres URL TRANSACTIONS CONNECTIONS CALLERS\n");
    return 2;
  }
  log::configure(log::Level::error, log::Format::text);
  const auto database =
      open_postgres({.url = argv[1], .connections = static_cast<std::size_t>(std::atoi(argv[3]))});
  const std::span<const Migration> rooms[] = {kDataMigrations};
  if (!database || !migrate(**database, rooms)) {
    fmt::print(stderr, "error: {}\n", database ? "migrate" : database.error().describe());
    return 3;
  }
  net::Loop loop;
  return loop.run_until_done(measure(**database, std::atoi(argv[2]), std::atoi(argv[4]))) ? 0 : 1;
}
