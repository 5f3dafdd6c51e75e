#include "net/loop.hpp"

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <thread>

namespace selvage::net {

namespace asio = boost::asio;

namespace {

thread_local Loop* current_loop = nullptr;

using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>,
                                         asio::io_context::executor_type>;

// About a year. Longer waits than this are meant as "for ever" and would overflow the clock.
constexpr milliseconds kLongestWait{31'536'000'000};

// Waits until the timer expires or is cancelled, whichever comes first.
struct TimerWait {
  Timer& timer;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> awaiting) {
    timer.async_wait([awaiting](const boost::system::error_code&) { awaiting.resume(); });
  }
  void await_resume() const noexcept {}
};

// A coroutine without an owner, for the one task that a loop runs on behalf of run_until_done().
struct Root {
  struct promise_type {
    Root get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
  };
};
Root drive(Task<void> task) { co_await std::move(task); }

}  // namespace

struct Loop::Impl {
  // Other threads may still be inside Asio's post when what they posted has already run and ended
  // the loop, so destruction waits until the last of them has left.
  class Posting {
   public:
    explicit Posting(Impl& impl) : impl_(impl) {
      impl_.posting.fetch_add(1, std::memory_order_relaxed);
    }
    Posting(const Posting&) = delete;
    Posting& operator=(const Posting&) = delete;
    ~Posting() { impl_.posting.fetch_sub(1, std::memory_order_release); }

   private:
    Impl& impl_;
  };

  ~Impl() {
    while (posting.load(std::memory_order_acquire) != 0) std::this_thread::yield();
  }

  // One thread runs a loop, and the hint lets Asio skip waking others.
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> busy{context.get_executor()};
  std::atomic<std::size_t> posting = 0;
};

Loop::Loop() : impl_(std::make_unique<Impl>()) {}
Loop::~Loop() = default;

Loop& Loop::current() {
  SELVAGE_CHECK(current_loop != nullptr);
  return *current_loop;
}

void Loop::run() {
  Loop* const outer = std::exchange(current_loop, this);
  impl_->context.run();
  current_loop = outer;
}

void Loop::stop() {
  const Impl::Posting posting(*impl_);
  asio::post(impl_->context, [this] { impl_->context.stop(); });
}

void Loop::post(std::move_only_function<void()> work) {
  const Impl::Posting posting(*impl_);
  asio::post(impl_->context, std::move(work));
}

void Loop::resume(std::coroutine_handle<> waiting) {
  const Impl::Posting posting(*impl_);
  asio::post(impl_->context, [waiting] { waiting.resume(); });
}

asio::io_context& Loop::context() { return impl_->context; }

Task<bool> sleep_for(milliseconds duration, CancelToken cancel) {
  if (cancel.cancelled()) co_return false;
  Timer timer(Loop::current().context(), std::min(duration, kLongestWait));
  auto registration = cancel.on_cancel([&timer] { timer.cancel(); });
  co_await TimerWait{timer};
  co_return !cancel.cancelled();
}

struct Signal::State {
  struct Waiter {
    Timer timer;
    bool released = false;
  };

  explicit State(Loop& owner) : loop(owner) {}

  void set() {
    pending = waiters.empty();
    for (Waiter* waiter : waiters) {
      waiter->released = true;
      waiter->timer.cancel();
    }
    waiters.clear();
  }

  Loop& loop;
  std::list<Waiter*> waiters;
  bool pending = false;
};

Signal::Signal(Loop& loop) : state_(std::make_shared<State>(loop)) {}
Signal::~Signal() { SELVAGE_CHECK(state_->waiters.empty()); }

void Signal::set() { state_->set(); }

void Signal::set_from_any_thread() {
  state_->loop.post([state = state_] { state->set(); });
}

Task<bool> Signal::wait(milliseconds at_most, CancelToken cancel) {
  const std::shared_ptr<State> state =
      state_;  // outlives this signal when it is destroyed on release
  if (std::exchange(state->pending, false)) co_return true;
  if (cancel.cancelled() || at_most <= milliseconds(0)) co_return false;
  State::Waiter waiter{Timer(state->loop.context(), std::min(at_most, kLongestWait))};
  state->waiters.push_back(&waiter);
  auto registration = cancel.on_cancel([&waiter] { waiter.timer.cancel(); });
  co_await TimerWait{waiter.timer};
  if (!waiter.released) state->waiters.remove(&waiter);
  co_return waiter.released;
}

Task<void> detail::finish_and_stop(Loop& loop, Task<void> task, std::exception_ptr& failure) {
  try {
    co_await std::move(task);
  } catch (...) {  // carried to the caller of run_until_done
    failure = std::current_exception();
  }
  loop.stop();
}

void detail::start_on(Loop& loop, Task<void> task) {
  loop.post([task = std::move(task)]() mutable { drive(std::move(task)); });
}

}  // namespace selvage::net
