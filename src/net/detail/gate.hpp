// Gate: lets at most so many coroutines of one loop through at a time; the others wait in order of
// arrival.
#pragma once

#include <cstddef>
#include <list>
#include <utility>

#include "base/task.hpp"
#include "net/detail/wait.hpp"

namespace selvage::net::detail {

class Gate {
 public:
  Gate(Timers& timers, std::size_t permits) : timers_(timers), free_(permits) {}

  // Gives its permit back at its end, or earlier by release().
  class Permit {
   public:
    Permit() = default;
    explicit Permit(Gate* gate) : gate_(gate) {}
    Permit(Permit&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Permit& operator=(Permit&& other) noexcept {
      release();
      gate_ = std::exchange(other.gate_, nullptr);
      return *this;
    }
    ~Permit() { release(); }
    void release() {
      if (gate_) std::exchange(gate_, nullptr)->give_back();
    }
    [[nodiscard]] bool held() const { return gate_ != nullptr; }

   private:
    Gate* gate_ = nullptr;
  };

  // WaitEnd::done: `permit` is held.
  [[nodiscard]] Task<WaitEnd> enter(Deadline deadline, CancelToken cancel, Permit& permit);

 private:
  void give_back();

  Timers& timers_;
  std::size_t free_;
  std::list<Wait*> queue_;
};

}  // namespace selvage::net::detail
