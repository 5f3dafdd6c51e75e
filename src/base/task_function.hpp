// TaskFunction: a copyable function that returns a Task.
//
// std::function would do but for clang's coroutine checks: it is no marked coroutine wrapper, so a
// Task that comes out of it is refused. The checks are worth keeping (they find Tasks that outlive
// their arguments), hence this. Copies share the callable; it is called from several threads only
// if it may be.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace selvage {

template <class Signature>
class TaskFunction;

template <class T, class... Arguments>
class TaskFunction<T(Arguments...)> {
 public:
  TaskFunction() = default;
  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, TaskFunction> &&
             std::is_invocable_r_v<T, F&, Arguments...>)
  TaskFunction(F callable)  // NOLINT(google-explicit-constructor): it stands for what it is given
      : callable_(std::make_shared<Holder<F>>(std::move(callable))) {}

  [[clang::coro_wrapper]] T operator()(Arguments... arguments) const {
    return callable_->call(std::forward<Arguments>(arguments)...);
  }
  explicit operator bool() const { return callable_ != nullptr; }

 private:
  struct Callable {
    virtual ~Callable() = default;
    [[clang::coro_wrapper]] virtual T call(Arguments... arguments) = 0;
  };
  template <class F>
  struct Holder final : Callable {
    explicit Holder(F given) : function(std::move(given)) {}
    [[clang::coro_wrapper]] T call(Arguments... arguments) override {
      return function(std::forward<Arguments>(arguments)...);
    }
    F function;
  };
  std::shared_ptr<Callable> callable_;  // shared by copies
};

}  // namespace selvage
