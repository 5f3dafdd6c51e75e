#include "sizing/pose_pool.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "base/log.hpp"

namespace selvage::sizing {

struct PosePool::State {
  explicit State(PosePoolOptions given) : options(std::move(given)) {
    loader = std::thread([this] { load(); });
  }
  ~State() { loader.join(); }

  void load() {
    auto outcome = load_all();
    if (!outcome) log::error("pose_models_failed", {{"error", outcome.error().describe()}});
    {
      const std::lock_guard lock(mutex);
      if (!outcome) failure = std::move(outcome.error());
      loaded = true;
    }
    changed.notify_all();
  }

  // Estimators are lent as soon as they are made; health waits for all.
  Result<void> load_all() {
    const auto models = TRY(PoseModels::load(options.models));
    for (std::size_t i = 0; i < std::max<std::size_t>(options.workers, 1); ++i) {
      auto made =
          std::make_unique<PoseEstimator>(TRY(PoseEstimator::create(*models, options.pose)));
      {
        const std::lock_guard lock(mutex);
        idle.push_back(made.get());
        all.push_back(std::move(made));
      }
      changed.notify_all();
    }
    return {};
  }

  const PosePoolOptions options;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::unique_ptr<PoseEstimator>> all;
  std::vector<PoseEstimator*> idle;
  std::optional<Error> failure;
  bool loaded = false;
  std::thread loader;
};

PosePool::PosePool(PosePoolOptions options)
    : state_(std::make_unique<State>(options)),
      threads_("pose", options.workers, options.max_queued) {}

PosePool::~PosePool() = default;

Task<Result<std::optional<Pose>>> PosePool::estimate(image::Picture picture) {
  co_return co_await run(
      [&picture](PoseEstimator& estimator) { return estimator.estimate(picture); });
}

Result<PosePool::Lent> PosePool::lend() {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  state.changed.wait(lock,
                     [&] { return !state.idle.empty() || (state.failure && state.all.empty()); });
  if (state.idle.empty()) return fail(*state.failure);
  PoseEstimator* estimator = state.idle.back();
  state.idle.pop_back();
  return Lent(estimator, GiveBack{&state});
}

void PosePool::GiveBack::operator()(PoseEstimator* estimator) const {
  {
    const std::lock_guard lock(state->mutex);
    state->idle.push_back(estimator);
  }
  state->changed.notify_one();
}

Error PosePool::as_seen_by_caller(Error error) {
  if (error.code != "pool.full") return error;
  return fail(ErrorKind::unavailable, "sizing.busy",
              "too many photos are waiting for their pose already", "try again in a few seconds")
      .error();
}

Result<void> PosePool::health() const {
  const std::lock_guard lock(state_->mutex);
  if (state_->failure) return fail(*state_->failure);
  if (state_->loaded) return {};
  return fail(ErrorKind::unavailable, "sizing.warming_up", "the pose models are being loaded",
              "try again in a second");
}

Result<void> PosePool::wait_until_ready() const {
  {
    std::unique_lock lock(state_->mutex);
    state_->changed.wait(lock, [&] { return state_->loaded; });
  }
  return health();
}

}  // namespace selvage::sizing
