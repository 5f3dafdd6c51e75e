#include "base/cancel.hpp"

#include <doctest/doctest.h>

#include <coroutine>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "unit/base/run_now.hpp"

namespace selvage {
namespace {

TEST_CASE("CancelToken: a default one is never cancelled and keeps no callback") {
  const CancelToken token;
  CHECK_FALSE(token.cancelled());
  bool called = false;
  const auto registration = token.on_cancel([&] { called = true; });
  CHECK_FALSE(called);
}

TEST_CASE("CancelSource: runs each callback once, in the order of registration") {
  CancelSource source;
  std::vector<int> order;
  const auto a = source.token().on_cancel([&] { order.push_back(1); });
  const auto b = source.token().on_cancel([&] { order.push_back(2); });
  source.cancel();
  source.cancel();
  CHECK(order == std::vector{1, 2});
  CHECK(source.cancelled());
  CHECK(source.token().cancelled());
}

TEST_CASE("CancelToken: a callback registered after the cancellation runs at once") {
  CancelSource source;
  source.cancel();
  bool called = false;
  const auto registration = source.token().on_cancel([&] { called = true; });
  CHECK(called);
}

TEST_CASE("CancelToken: a registration that ended is not called, however it was moved before") {
  CancelSource source;
  int called = 0;
  auto first = source.token().on_cancel([&] { ++called; });
  auto second = std::move(first);
  auto third = source.token().on_cancel([&] { called += 10; });
  third = std::move(second);
  source.cancel();
  CHECK(called == 1);

  CancelSource other;
  {
    const auto scoped = other.token().on_cancel([&] { called += 100; });
  }
  other.cancel();
  CHECK(called == 1);
}

TEST_CASE("CancelSource: a callback may end its own and every other registration") {
  CancelSource source;
  int called = 0;
  std::vector<CancelToken::Registration> registrations;
  for (int i = 0; i < 5; ++i) {
    registrations.push_back(source.token().on_cancel([&] {
      ++called;
      registrations.clear();
    }));
  }
  source.cancel();
  CHECK(called == 1);
}

TEST_CASE("CancelSource: a callback may register another, which runs at once") {
  CancelSource source;
  int called = 0;
  CancelToken::Registration inner;
  const auto outer = source.token().on_cancel([&] {
    inner = source.token().on_cancel([&] { ++called; });
    ++called;
  });
  source.cancel();
  CHECK(called == 2);
}

TEST_CASE("CancelSource: a callback may destroy the source") {
  auto source = std::make_unique<CancelSource>();
  int called = 0;
  const auto first = source->token().on_cancel([&] {
    ++called;
    source.reset();
  });
  const auto second = source->token().on_cancel([&] { ++called; });
  source->cancel();
  CHECK(called == 2);
}

// What a callback owns may itself hold registrations with the same source.
struct Owner {
  CancelToken::Registration registration;
};

TEST_CASE("CancelToken: ending a registration whose callback owns other registrations is safe") {
  CancelSource source;
  int called = 0;
  auto first = std::make_shared<Owner>();
  auto second = std::make_shared<Owner>();
  first->registration = source.token().on_cancel([&called] { ++called; });
  second->registration = source.token().on_cancel([&called, first] { ++called; });
  auto outer = source.token().on_cancel([&called, second] { ++called; });
  first.reset();
  second.reset();
  outer.reset();  // the last owner: ends all three
  source.cancel();
  CHECK(called == 0);
}

TEST_CASE("CancelToken: outlives its source") {
  std::optional<CancelSource> source(std::in_place);
  const CancelToken token = source->token();
  bool called = false;
  auto registration = token.on_cancel([&] { called = true; });
  source.reset();
  CHECK_FALSE(token.cancelled());
  registration.reset();
  CHECK_FALSE(called);
}

// A wait that ends by cancellation, as the event loop's waits do.
class CancellableWait {
 public:
  explicit CancellableWait(CancelToken token) : token_(std::move(token)) {}
  bool await_ready() const { return token_.cancelled(); }
  void await_suspend(std::coroutine_handle<> awaiting) {
    registration_ = token_.on_cancel([awaiting] { awaiting.resume(); });
  }
  bool await_resume() const { return token_.cancelled(); }

 private:
  CancelToken token_;
  CancelToken::Registration registration_;
};

Task<int> wait_often(CancelToken token, int count) {
  int cancelled = 0;
  for (int i = 0; i < count; ++i) {
    if (co_await CancellableWait(token)) ++cancelled;
  }
  co_return cancelled;
}

TEST_CASE("CancelSource: cancelling resumes coroutines whose frames hold the registrations") {
  CancelSource source;
  std::vector<test::Outcome<int>> outcomes(10);
  for (auto& outcome : outcomes) test::drive(wait_often(source.token(), 3), &outcome);
  source.cancel();
  for (const auto& outcome : outcomes) CHECK(outcome.value == 3);
}

TEST_CASE("CancelToken: cancelled() may be read by other threads") {
  CancelSource source;
  const CancelToken token = source.token();
  std::jthread reader([token] {
    while (!token.cancelled()) std::this_thread::yield();
  });
  source.cancel();
}

}  // namespace
}  // namespace selvage
