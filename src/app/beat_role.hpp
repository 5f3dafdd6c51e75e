// The beat role: fires the schedules while this process leads them.
#pragma once

#include <memory>

#include "app/health.hpp"
#include "app/platform.hpp"
#include "schedule/beat.hpp"

namespace selvage::app {

class BeatRole {
 public:
  // The platform outlives it. Errors: a schedule file that is wrong.
  [[nodiscard]] static Result<std::unique_ptr<BeatRole>> create(Platform& platform);
  // Until cancelled; then another process may lead at once.
  [[nodiscard, clang::coro_wrapper]] Task<void> run(CancelToken stop) {
    return beat_.run(std::move(stop));
  }

 private:
  BeatRole(Platform& platform, schedule::BeatOptions options);
  schedule::Beat beat_;
};

// What an entry may be on this platform: which queues take other messages than Celery's.
[[nodiscard]] schedule::EntryRules schedule_rules(const Settings& settings);
[[nodiscard]] schedule::Outlet schedule_outlet(Platform& platform);

// The component "schedule": degraded when there are entries to fire and nobody has led them for
// kNoLeader.
inline constexpr seconds kNoLeader{30};
[[nodiscard]] HealthCheck schedule_health(data::Database& database);

}  // namespace selvage::app
