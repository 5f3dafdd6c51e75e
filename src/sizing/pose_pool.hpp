// PosePool: estimators on threads of their own, for callers on event loops.
//
// Loading starts with construction, on a thread of its own, and takes about 0.2 s; what is asked
// before waits for it. The first run of each estimator is done before it counts as ready. Models
// that cannot be loaded never stop the process: health() and every request say what is wrong.
// All functions may be called from any thread or loop; awaiters resume on their own loop.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/task.hpp"
#include "image/picture.hpp"
#include "net/blocking_pool.hpp"
#include "sizing/pose_estimator.hpp"

namespace selvage::sizing {

struct PosePoolOptions {
  std::filesystem::path models = default_models_directory();
  std::size_t workers = 1;      // threads, about 60 MiB each
  std::size_t max_queued = 64;  // requests that may wait; the next is refused as busy
  PoseOptions pose;
};

class PosePool {
 public:
  explicit PosePool(PosePoolOptions options);
  // Finishes what is queued.
  ~PosePool();
  PosePool(const PosePool&) = delete;
  PosePool& operator=(const PosePool&) = delete;

  // Errors: those of PoseEstimator::estimate() and of loading, and sizing.busy (unavailable) when
  // the queue is full. REQUIRES: an RGB picture.
  [[nodiscard]] Task<Result<std::optional<Pose>>> estimate(image::Picture picture);

  // Runs `work` with an estimator on a worker's thread: for decoding, estimating and measuring
  // without hops between. REQUIRES: F(PoseEstimator&) returns Result<T>. Errors: as above, and its.
  template <class F>
  [[nodiscard]] Task<std::invoke_result_t<F&, PoseEstimator&>> run(F work) {
    auto outcome =
        co_await threads_.run([this, &work]() -> std::invoke_result_t<F&, PoseEstimator&> {
          const Lent estimator = TRY(lend());
          return work(*estimator);
        });
    if (!outcome) co_return fail(as_seen_by_caller(std::move(outcome.error())));
    co_return std::move(outcome);
  }

  // Ready for requests; else sizing.warming_up (unavailable), or why the models do not load.
  [[nodiscard]] Result<void> health() const;
  // Blocks until health() is decided: for programs without a loop, and tests.
  Result<void> wait_until_ready() const;

  [[nodiscard]] std::size_t workers() const { return threads_.threads(); }
  [[nodiscard]] std::size_t queued() const { return threads_.queued(); }

 private:
  struct State;
  struct GiveBack {
    State* state;
    void operator()(PoseEstimator* estimator) const;
  };
  using Lent = std::unique_ptr<PoseEstimator, GiveBack>;
  // Waits for an idle estimator: there is one a thread, so only while loading.
  [[nodiscard]] Result<Lent> lend();
  [[nodiscard]] static Error as_seen_by_caller(Error error);

  std::unique_ptr<State> state_;
  net::BlockingPool threads_;  // last: its threads use the state until they have ended
};

}  // namespace selvage::sizing
