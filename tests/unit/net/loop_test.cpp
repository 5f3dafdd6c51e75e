#include "net/loop.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <stdexcept>
#include <thread>

#include "base/task_group.hpp"

namespace selvage::net {
namespace {

using namespace std::chrono_literals;

Task<int> add_later(int a, int b) {
  co_await sleep_for(1ms);
  co_return a + b;
}

Task<void> throw_later() {
  co_await sleep_for(1ms);
  throw std::runtime_error("a bug");
}

Task<Loop*> loop_after_sleep() {
  co_await sleep_for(1ms);
  co_return &Loop::current();
}

Task<void> store_sleep(milliseconds duration, CancelToken cancel, std::optional<bool>& slept) {
  slept = co_await sleep_for(duration, cancel);
}

Task<void> store_wait(Signal& signal, milliseconds at_most, CancelToken cancel, int& released) {
  if (co_await signal.wait(at_most, cancel)) ++released;
}

TEST_CASE("Loop: run_until_done returns what the task returns") {
  Loop loop;
  CHECK(loop.run_until_done(add_later(2, 3)) == 5);
}

TEST_CASE("Loop: run_until_done lets the task's exception out") {
  Loop loop;
  CHECK_THROWS_WITH_AS(loop.run_until_done(throw_later()), "a bug", std::runtime_error);
}

TEST_CASE("Loop: a coroutine finds the loop it runs on, also after a wait") {
  Loop loop;
  CHECK(loop.run_until_done(loop_after_sleep()) == &loop);
}

TEST_CASE("Loop: what other threads post before stop still runs, in order") {
  Loop loop;
  std::vector<int> seen;
  std::thread poster([&] {
    for (int i = 0; i < 100; ++i) loop.post([&seen, i] { seen.push_back(i); });
    loop.stop();
  });
  loop.run();
  poster.join();
  REQUIRE(seen.size() == 100);
  CHECK(std::is_sorted(seen.begin(), seen.end()));
}

TEST_CASE("Loop: run returns at once when stop came first") {
  Loop loop;
  loop.stop();
  loop.run();
}

Task<std::pair<bool, milliseconds>> cancelled_sleep(CancelSource& source) {
  TaskGroup group;
  std::optional<bool> slept;
  const SteadyTime start = steady_now();
  group.spawn(store_sleep(1h, source.token(), slept), "sleeper");
  co_await sleep_for(5ms);
  source.cancel();
  co_await group.join();
  co_return std::pair{*slept, std::chrono::duration_cast<milliseconds>(steady_now() - start)};
}

TEST_CASE("sleep_for: a cancelled sleep ends at once and says so") {
  Loop loop;
  CancelSource source;
  const auto [slept, took] = loop.run_until_done(cancelled_sleep(source));
  CHECK_FALSE(slept);
  CHECK(took < 1s);
}

TEST_CASE("sleep_for: sleeps at least as long as asked, and not at all when already cancelled") {
  Loop loop;
  const SteadyTime start = steady_now();
  CHECK(loop.run_until_done(sleep_for(20ms)));
  CHECK(steady_now() - start >= 20ms);
  Loop second;
  CancelSource source;
  source.cancel();
  CHECK_FALSE(second.run_until_done(sleep_for(1h, source.token())));
}

TEST_CASE("sleep_for: an unlimited wait does not overflow the clock") {
  Loop loop;
  CancelSource source;
  loop.post([&] { source.cancel(); });
  CHECK_FALSE(loop.run_until_done(sleep_for(milliseconds::max(), source.token())));
}

Task<int> release_all_waiters(Signal& signal, int waiters) {
  TaskGroup group;
  int released = 0;
  for (int i = 0; i < waiters; ++i) {
    group.spawn(store_wait(signal, 1h, {}, released), "waiter");
  }
  signal.set();
  co_await group.join();
  CHECK_FALSE(co_await signal.wait(5ms));  // the waiters have used the set up
  co_return released;
}

TEST_CASE("Signal: set releases every waiter") {
  Loop loop;
  Signal signal(loop);
  CHECK(loop.run_until_done(release_all_waiters(signal, 10)) == 10);
}

TEST_CASE("Signal: a set without waiters is remembered once") {
  Loop loop;
  Signal signal(loop);
  signal.set();
  signal.set();
  CHECK(loop.run_until_done(signal.wait(1h)));
}

Task<std::pair<bool, bool>> wait_twice(Signal& signal) {
  const bool first = co_await signal.wait(1h);
  const bool second = co_await signal.wait(5ms);
  co_return std::pair{first, second};
}

TEST_CASE("Signal: the wait after a remembered set blocks again") {
  Loop loop;
  Signal signal(loop);
  signal.set();
  signal.set();
  CHECK(loop.run_until_done(wait_twice(signal)) == std::pair{true, false});
}

TEST_CASE("Signal: a cancelled wait is not a release") {
  Loop loop;
  Signal signal(loop);
  CancelSource source;
  loop.post([&] { source.cancel(); });
  CHECK_FALSE(loop.run_until_done(signal.wait(1h, source.token())));
}

TEST_CASE("Signal: another thread wakes the waiter") {
  Loop loop;
  Signal signal(loop);
  std::thread other([&] { signal.set_from_any_thread(); });
  CHECK(loop.run_until_done(signal.wait(1h)));
  other.join();
}

TEST_CASE("StopSignals: SIGTERM arrives as a value") {
  Loop loop;
  StopSignals signals(loop);
  loop.post([] { raise(SIGTERM); });
  CHECK(loop.run_until_done(signals.next()) == SIGTERM);
}

TEST_CASE("StopSignals: cancelling the wait answers 0") {
  Loop loop;
  StopSignals signals(loop);
  CancelSource source;
  loop.post([&] { source.cancel(); });
  CHECK(loop.run_until_done(signals.next(source.token())) == 0);
}

}  // namespace
}  // namespace selvage::net
