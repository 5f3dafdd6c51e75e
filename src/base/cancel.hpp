// Explicit cancellation. A CancelSource is owned by whoever may stop the work; CancelTokens are
// copied into the coroutines that do it and into the waits they are blocked on.
//
// cancel() and every registration must happen on one event loop's thread; cancelled() may be read
// from any thread. A default-constructed token is never cancelled.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hpp"

namespace selvage {

namespace detail {
struct CancelState {
  std::atomic<bool> cancelled = false;
  std::uint64_t next_id = 0;
  std::map<std::uint64_t, std::function<void()>> callbacks;
};
}  // namespace detail

class CancelToken {
 public:
  CancelToken() = default;

  [[nodiscard]] bool cancelled() const {
    return state_ && state_->cancelled.load(std::memory_order_relaxed);
  }

  // Calls `callback` once when the source is cancelled, or at once if it already is. The
  // registration ends with the returned object, which must not outlive what the callback uses.
  class Registration {
   public:
    Registration() = default;
    Registration(Registration&& other) noexcept : state_(std::move(other.state_)), id_(other.id_) {}
    Registration& operator=(Registration&& other) noexcept {
      reset();
      state_ = std::move(other.state_);
      id_ = other.id_;
      return *this;
    }
    ~Registration() { reset(); }
    void reset() {
      const auto state = std::exchange(state_, nullptr);
      // Taken out before it is destroyed: what a callback owns may end other registrations.
      if (state) auto ended = state->callbacks.extract(id_);
    }

   private:
    friend CancelToken;
    std::shared_ptr<detail::CancelState> state_;
    std::uint64_t id_ = 0;
  };
  [[nodiscard]] Registration on_cancel(std::function<void()> callback) const {
    Registration registration;
    if (!state_) return registration;
    if (cancelled()) {
      callback();
      return registration;
    }
    registration.state_ = state_;
    registration.id_ = state_->next_id++;
    state_->callbacks.emplace(registration.id_, std::move(callback));
    return registration;
  }

 private:
  friend class CancelSource;
  std::shared_ptr<detail::CancelState> state_;  // shared: source and waits end in any order
};

class CancelSource {
 public:
  CancelSource() : state_(std::make_shared<detail::CancelState>()) {}
  CancelSource(const CancelSource&) = delete;
  CancelSource& operator=(const CancelSource&) = delete;

  [[nodiscard]] CancelToken token() const {
    CancelToken token;
    token.state_ = state_;
    return token;
  }
  [[nodiscard]] bool cancelled() const { return state_->cancelled; }
  // Idempotent. Runs the callbacks in the order of registration. A callback may resume coroutines,
  // which may end any registration, add new ones, or destroy this source.
  void cancel() {
    const auto state = state_;  // outlives this source
    if (state->cancelled.exchange(true)) return;
    while (!state->callbacks.empty()) {
      auto first = state->callbacks.extract(state->callbacks.begin());
      first.mapped()();
    }
  }

 private:
  std::shared_ptr<detail::CancelState> state_;
};

[[nodiscard]] inline Error cancelled_error(std::string_view what) {
  return {ErrorKind::cancelled, "cancelled", std::string(what) + " was cancelled", {}, nullptr};
}

}  // namespace selvage
