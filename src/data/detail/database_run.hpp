// The template halves of Database: they carry a body's typed result around the type-erased submit().
#pragma once

#include <coroutine>
#include <future>

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
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> awaiting) {
      net::Loop& loop = net::Loop::current();
      database.submit(
          access,
          [this](Transaction& tx) -> Result<void> {
            outcome.emplace(body(tx));
            if (!*outcome) return std::unexpected(outcome->error());
            return {};
          },
          [this, &loop, awaiting](Result<void> done) {
            committed = std::move(done);
            loop.resume(awaiting);
          });
    }
    void await_resume() const noexcept {}
  };
  co_await Awaiter{*this, access, body, outcome, committed};
  if (!committed) co_return std::unexpected(std::move(committed.error()));
  co_return std::move(*outcome);
}

template <class Body>
std::invoke_result_t<Body&, Transaction&> Database::write_blocking(Body body) {
  using Outcome = std::invoke_result_t<Body&, Transaction&>;
  std::optional<Outcome> outcome;
  std::promise<Result<void>> committed;
  submit(
      Access::write,
      [&](Transaction& tx) -> Result<void> {
        outcome.emplace(body(tx));
        if (!*outcome) return std::unexpected(outcome->error());
        return {};
      },
      [&](Result<void> done) { committed.set_value(std::move(done)); });
  Result<void> done = committed.get_future().get();
  if (!done) return std::unexpected(std::move(done.error()));
  return std::move(*outcome);
}

template <class Body>
std::invoke_result_t<Body&, Transaction&> Database::read_blocking(Body body) {
  using Outcome = std::invoke_result_t<Body&, Transaction&>;
  std::optional<Outcome> outcome;
  std::promise<Result<void>> finished;
  submit(
      Access::read,
      [&](Transaction& tx) -> Result<void> {
        outcome.emplace(body(tx));
        if (!*outcome) return std::unexpected(outcome->error());
        return {};
      },
      [&](Result<void> done) { finished.set_value(std::move(done)); });
  Result<void> done = finished.get_future().get();
  if (!done) return std::unexpected(std::move(done.error()));
  return std::move(*outcome);
}

}  // namespace selvage::data
