// Transactions that wait for one of several equal threads, reads and writes taking turns.
//
// Neither kind can starve the other: when both wait they are served alternately, and one thread of
// several is always left for the other kind, so that a hundred slow reports, or writes that all
// wait for one lock, hold up their own kind alone. Who became idle last works next: few
// transactions need few connections.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "data/database.hpp"

namespace selvage::data {

struct FairJob {
  enum class Kind { read, write };
  Kind kind = Kind::read;
  std::move_only_function<Result<void>(Transaction&)> body;
  std::move_only_function<void(Result<void>)> done;
  SteadyTime submitted;
};

// All members may be called on any thread.
class FairQueue {
 public:
  FairQueue(std::size_t workers, std::size_t capacity);
  // False, with `job` untouched, when so many of its kind wait already, or after close().
  [[nodiscard]] bool push(FairJob& job);
  // Waits for the next job of this worker; false when closed and empty. Each job that was taken
  // must be reported by finished().
  [[nodiscard]] bool pop(FairJob& job);
  void finished(FairJob::Kind kind);
  // What is queued is still served; nothing more is taken.
  void close();
  [[nodiscard]] bool closed() const;

 private:
  struct Waiter {
    std::condition_variable woken;
    bool is_woken = false;
  };
  struct Line {
    std::deque<FairJob> jobs;
    std::size_t running = 0;
  };
  [[nodiscard]] bool may_run(std::size_t kind) const;
  [[nodiscard]] bool take(FairJob& job);
  void wake_one();

  const std::size_t capacity_;
  const std::size_t most_of_a_kind_;
  mutable std::mutex mutex_;
  std::array<Line, 2> lines_;  // by kind
  std::size_t last_ = 0;       // the kind that was served last
  std::vector<Waiter*> idle_;  // who came last is served first
  bool closed_ = false;
};

}  // namespace selvage::data
