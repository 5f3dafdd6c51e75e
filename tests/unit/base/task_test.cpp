#include "base/task.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "unit/base/run_now.hpp"

namespace selvage {
namespace {

using test::drive;
using test::Gate;
using test::Outcome;
using test::run_now;

// Counts the objects that live, so that a coroutine frame that leaks or dies twice is seen.
struct Tracked {
  static inline int alive = 0;
  Tracked() { ++alive; }
  Tracked(const Tracked&) { ++alive; }
  Tracked(Tracked&&) noexcept { ++alive; }
  Tracked& operator=(const Tracked&) = default;
  Tracked& operator=(Tracked&&) = default;
  ~Tracked() { --alive; }
};

Task<int> number(int n) { co_return n; }

Task<long> sum_of_awaits(int count) {
  long sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await number(i);
  co_return sum;
}

Task<int> descend(int depth) {
  if (depth == 0) co_return 0;
  co_return 1 + co_await descend(depth - 1);
}

TEST_CASE("Task: a million awaits in a loop do not grow the stack") {
  CHECK(run_now(sum_of_awaits(1'000'000)) == 499'999'500'000L);
}

TEST_CASE("Task: a chain of 100,000 nested tasks starts and unwinds without growing the stack") {
  CHECK(run_now(descend(100'000)) == 100'000);
}

Task<int> note_start(bool* started) {
  *started = true;
  co_return 1;
}

TEST_CASE(
    "Task: does nothing before it is awaited, and frees its arguments when dropped unstarted") {
  bool started = false;
  {
    Task<int> task = note_start(&started);
    CHECK_FALSE(started);
    CHECK(run_now(std::move(task)) == 1);
    CHECK(started);
  }
  started = false;
  {
    const Task<int> dropped = note_start(&started);
  }
  CHECK_FALSE(started);
}

Task<int> thrower(Tracked) {
  const Tracked local;
  throw std::runtime_error("thrown inside");
  co_return 0;
}

Task<std::string> catcher() {
  try {
    co_await thrower(Tracked());
  } catch (const std::runtime_error& error) {
    co_return error.what();
  }
  co_return "nothing was thrown";
}

TEST_CASE("Task: an exception reaches the awaiter and destroys what the task held") {
  CHECK(run_now(catcher()) == "thrown inside");
  CHECK_THROWS_AS(run_now(thrower(Tracked())), std::runtime_error);
  CHECK(Tracked::alive == 0);
}

Task<Result<int>> checked(int n, Tracked = {}) {
  if (n < 0) co_return fail(ErrorKind::invalid, "test.negative", "the number is negative");
  co_return n;
}

Task<Result<int>> sum_checked(std::vector<int> numbers) {
  const Tracked local;
  int sum = 0;
  for (const int n : numbers) {
    const Tracked each;
    sum += CO_TRY(co_await checked(n));
  }
  co_return sum;
}

Task<Result<void>> nothing_negative(std::vector<int> numbers) {
  CO_TRY(co_await sum_checked(numbers));
  co_return {};
}

struct Pair {
  Tracked tracked = {};
  int first = 0;
  int second = 0;
};

Task<Result<Pair>> pair_of(int a, int b) {
  co_return Pair{.first = CO_TRY(co_await checked(a)), .second = CO_TRY(co_await checked(b))};
}

Task<Result<int>> nested(int n) {
  co_return CO_TRY(co_await checked(CO_TRY(co_await checked(n)) + 1));
}

TEST_CASE("CO_TRY: leaves a loop at the first error and destroys what was alive") {
  CHECK(run_now(sum_checked({1, 2, 3})).value() == 6);
  CHECK(run_now(sum_checked({1, -2, 3})).error().code == "test.negative");
  CHECK(run_now(nothing_negative({4})).has_value());
  CHECK_FALSE(run_now(nothing_negative({-4})).has_value());
  CHECK(Tracked::alive == 0);
}

TEST_CASE("CO_TRY: works nested and inside braces") {
  CHECK(run_now(nested(1)).value() == 2);
  CHECK_FALSE(run_now(nested(-1)).has_value());
  CHECK(run_now(pair_of(1, 2)).value().second == 2);
  CHECK_FALSE(run_now(pair_of(-1, 2)).has_value());
  CHECK_FALSE(run_now(pair_of(1, -2)).has_value());
  CHECK(Tracked::alive == 0);
}

Task<std::unique_ptr<int>> boxed(int n) { co_return std::make_unique<int>(n); }

Task<int> unboxed() {
  auto box = co_await boxed(7);
  co_return *box;
}

TEST_CASE("Task: carries values that only move") { CHECK(run_now(unboxed()) == 7); }

Task<int> wait_then(Gate* gate, int n) {
  co_await gate->wait();
  co_return n;
}

Task<int> add_after(Gate* first, Gate* second) {
  const int a = co_await wait_then(first, 1);
  co_return a + co_await wait_then(second, 2);
}

TEST_CASE("Task: continues where it waited when what it waited for comes") {
  Gate first;
  Gate second;
  Outcome<int> outcome;
  drive(add_after(&first, &second), &outcome);
  CHECK_FALSE(outcome.done());
  first.open();
  CHECK_FALSE(outcome.done());
  second.open();
  REQUIRE(outcome.value);
  CHECK(*outcome.value == 3);
}

TEST_CASE("Task: can be moved before it starts") {
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 100; ++i) tasks.push_back(number(i));
  tasks[3] = number(42);
  CHECK(run_now(std::move(tasks[3])) == 42);
  CHECK(run_now(std::move(tasks[99])) == 99);
}

}  // namespace
}  // namespace selvage
