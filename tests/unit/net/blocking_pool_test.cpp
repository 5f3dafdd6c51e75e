#include "net/blocking_pool.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>
#include <latch>
#include <stdexcept>
#include <thread>

#include "base/task_group.hpp"

namespace selvage::net {
namespace {

using namespace std::chrono_literals;

Result<int> answer() { return 42; }
Result<int> refuse() { return fail(ErrorKind::conflict, "test.refused", "no"); }
Result<int> crash() { throw std::runtime_error("a bug in the work"); }

struct Where {
  std::thread::id work;
  std::thread::id resumed;
};

Task<Where> where_it_runs(BlockingPool& pool) {
  const auto id = [] { return Result<std::thread::id>(std::this_thread::get_id()); };
  const Result<std::thread::id> work = co_await pool.run(id);
  co_return Where{*work, std::this_thread::get_id()};
}

TEST_CASE("BlockingPool: returns the value or the error of the work") {
  Loop loop;
  BlockingPool pool("test", 2);
  CHECK(loop.run_until_done(pool.run(answer)) == 42);
  Loop second;
  CHECK(second.run_until_done(pool.run(refuse)).error().code == "test.refused");
}

std::size_t threads_of_process() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

Task<void> run_at_once(BlockingPool& pool, int works) {
  std::latch all(works);  // none ends before all run
  TaskGroup group;
  const auto one = [](BlockingPool& of, std::latch& gathering) -> Task<void> {
    (void)co_await of.run([&gathering]() -> Result<void> {
      gathering.arrive_and_wait();
      return {};
    });
  };
  for (int i = 0; i < works; ++i) group.spawn(one(pool, all), "work");
  co_await group.join();
}

TEST_CASE("BlockingPool: has as many threads as ran at once, and never more than it may") {
  const std::size_t before = threads_of_process();
  BlockingPool pool("test", 8);
  CHECK(threads_of_process() - before == 1);
  const auto run_on_a_loop = [&pool](int works) {
    Loop loop;
    loop.run_until_done(run_at_once(pool, works));
  };
  run_on_a_loop(5);
  CHECK(threads_of_process() - before >= 5);
  for (int i = 0; i < 3; ++i) run_on_a_loop(8);
  CHECK(threads_of_process() - before == 8);
  CHECK(pool.threads() == 8);
}

TEST_CASE("BlockingPool: an exception of the work reaches the awaiter") {
  Loop loop;
  BlockingPool pool("test", 1);
  CHECK_THROWS_WITH_AS((void)loop.run_until_done(pool.run(crash)), "a bug in the work",
                       std::runtime_error);
}

TEST_CASE("BlockingPool: the work runs elsewhere, the awaiter resumes on its own loop") {
  Loop loop;
  BlockingPool pool("test", 1);
  const Where where = loop.run_until_done(where_it_runs(pool));
  CHECK(where.work != std::this_thread::get_id());
  CHECK(where.resumed == std::this_thread::get_id());
}

struct Tally {
  int done = 0;
  int refused = 0;
};

Task<void> occupy(BlockingPool& pool, std::latch& gate, Tally& tally) {
  const auto wait = [&gate] {
    gate.wait();
    return Result<void>();
  };
  const Result<void> outcome = co_await pool.run(wait);
  if (outcome) {
    ++tally.done;
  } else {
    CHECK(outcome.error().code == "pool.full");
    CHECK(outcome.error().kind == ErrorKind::unavailable);
    ++tally.refused;
  }
}

Task<Tally> flood(BlockingPool& pool, std::latch& gate, int jobs) {
  TaskGroup group;
  Tally tally;
  group.spawn(occupy(pool, gate, tally), "first");
  while (pool.queued() > 0) co_await sleep_for(1ms);  // the only thread has taken it
  for (int i = 0; i < jobs; ++i) group.spawn(occupy(pool, gate, tally), "next");
  CHECK(pool.queued() == 3);
  gate.count_down();
  co_await group.join();
  co_return tally;
}

TEST_CASE("BlockingPool: a full queue answers an error instead of growing") {
  Loop loop;
  BlockingPool pool("test", 1, 3);
  std::latch gate(1);
  const Tally tally = loop.run_until_done(flood(pool, gate, 5));
  CHECK(tally.done == 4);
  CHECK(tally.refused == 2);
}

Task<void> count_up(BlockingPool& pool, std::atomic<int>& counter) {
  const auto add = [&counter] {
    ++counter;
    return Result<void>();
  };
  CHECK((co_await pool.run(add)).has_value());
}

Task<void> many(BlockingPool& pool, std::atomic<int>& counter, int jobs) {
  TaskGroup group;
  for (int i = 0; i < jobs; ++i) group.spawn(count_up(pool, counter), "count");
  co_await group.join();
}

TEST_CASE("BlockingPool: serves several loops at once and loses nothing") {
  BlockingPool pool("shared", 4, 10'000);
  std::atomic<int> counter = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      Loop loop;
      loop.run_until_done(many(pool, counter, 1000));
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(counter == 3000);
}

}  // namespace
}  // namespace selvage::net
