// The template halves of Database: they carry a body's typed result around the type-erased
// submit().
#pragma once

#include <coroutine>
#include <future>
#include <memory>

#include "net/loop.hpp"

namespace selvage::data {

template <class Body>
Task<std::invoke_result_t<Body&, Transaction&>> Database::run(Access access, Body body) {
  using Outcome = std::invoke_result_t<Body&, Transaction&>;
  std::optional<Outcome> outcome;
  Result<void> committed;
  struct Awaiter {
    Database& database;
    Access access;
    Body& body;
    std::optional<Outcome>& outcome;
    Result<void>& committed;
    // Kept here and not in the lambdas: one captured pointer fits into move_only_function without
    // an allocation.
    net::Loop* loop = nullptr;
    std::coroutine_handle<> awaiting;

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) {
      loop = &net::Loop::current();
      awaiting = handle;
      database.submit(
          access,
          [this](Transaction& tx) -> Result<void> {
            outcome.emplace(body(tx));
            if (!*outcome) return std::unexpected(outcome->error());
            return {};
          },
          [this](Result<void> done) {
            committed = std::move(done);
            loop->resume(awaiting);  // the last use of this: the frame may be gone a moment later
          });
    }
    void await_resume() const noexcept {}
  };
  co_await Awaiter{*this, access, body, outcome, committed, nullptr, {}};
  if (!committed) co_return std::unexpected(std::move(committed.error()));
  co_return std::move(*outcome);
}

template <class Body>
std::invoke_result_t<Body&, Transaction&> Database::run_blocking(Access access, Body& body) {
  using Outcome = std::invoke_result_t<Body&, Transaction&>;
  std::optional<Outcome> outcome;
  // Shared with the database's thread, which may still be inside set_value() when this one goes on.
  auto finished = std::make_shared<std::promise<Result<void>>>();
  submit(
      access,
      [&](Transaction& tx) -> Result<void> {
        outcome.emplace(body(tx));
        if (!*outcome) return std::unexpected(outcome->error());
        return {};
      },
      [finished](Result<void> done) { finished->set_value(std::move(done)); });
  Result<void> done = finished->get_future().get();
  if (!done) return std::unexpected(std::move(done.error()));
  return std::move(*outcome);
}

template <class Body>
std::invoke_result_t<Body&, Transaction&> Database::write_blocking(Body body) {
  return run_blocking(Access::write, body);
}

template <class Body>
std::invoke_result_t<Body&, Transaction&> Database::read_blocking(Body body) {
  return run_blocking(Access::read, body);
}

}  // namespace selvage::data
