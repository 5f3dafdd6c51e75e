#include "app/health.hpp"

#include <boost/json.hpp>
#include <cmath>

#include "app/build_info.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "net/loop.hpp"

namespace selvage::app {

namespace {

double ms_since(SteadyTime start) {
  return std::chrono::duration<double, std::milli>(steady_now() - start).count();
}

}  // namespace

HealthBoard::HealthBoard(std::vector<HealthCheck> checks, std::vector<std::string> roles)
    : roles_(std::move(roles)) {
  for (HealthCheck& check : checks) states_.push_back({.check = std::move(check)});
  publish();
}

Task<void> HealthBoard::run(CancelToken cancel) {
  for (State& state : states_) checks_.spawn(repeat(state, cancel), "health check");
  while (!cancel.cancelled()) {
    publish();
    co_await net::sleep_for(kHealthPublish, cancel);
  }
  co_await checks_.join();
}

Task<void> HealthBoard::repeat(State& state, CancelToken cancel) {
  while (!cancel.cancelled()) {
    const SteadyTime start = steady_now();
    state.running_since = start;
    const Result<void> outcome = co_await state.check.check();
    state.running_since.reset();
    state.latency_ms = ms_since(start);
    const bool first = !std::exchange(state.known, true);
    const bool changed = first || state.ok != outcome.has_value();
    state.ok = outcome.has_value();
    state.error = outcome ? "" : outcome.error().describe();
    if (state.ok != state.told && !first) {
      state.told = state.ok;
      log::info(state.ok ? "dependency_ok" : "dependency_failed",
                {{"dependency", state.check.name}, {"error", state.error}});
    }
    if (changed) publish();
    co_await net::sleep_for(state.ok ? state.check.step : kHealthRetry, cancel);
  }
}

void HealthBoard::say_draining() {
  draining_ = true;
  publish();
}

void HealthBoard::publish() {
  auto next = std::make_shared<Snapshot>();
  next->at = steady_now();
  bool healthy = true;
  bool ready = !draining_;
  json::object components;
  json::array checks;
  for (const State& state : states_) {
    double latency = std::round(state.latency_ms * 1000) / 1000;  // to the microsecond
    bool ok = state.known && state.ok;
    std::string error = state.known ? state.error : "not checked yet";
    if (state.running_since && next->at - *state.running_since > kHealthLimit) {
      latency = ms_since(*state.running_since);
      ok = false;
      error = fmt::format("no answer for {:.1f} s", latency / 1000);
    }
    if (state.check.ready) {
      ready = ready && ok;
      checks.push_back(json::object{{"name", state.check.name},
                                    {"ok", ok},
                                    {"latency_ms", latency},
                                    {"error", ok ? json::value(nullptr) : json::value(error)}});
    }
    if (!state.check.component) continue;
    healthy = healthy && ok;
    json::object component{{"status", ok ? "ok" : "degraded"}, {"latency_ms", latency}};
    if (!ok) component["error"] = error;
    components[state.check.name] = std::move(component);
  }
  const auto up = std::chrono::duration_cast<seconds>(next->at - started_);
  next->health = {json::dump(json::object{{"status", healthy ? "ok" : "degraded"},
                                          {"components", std::move(components)},
                                          {"roles", json::array(roles_.begin(), roles_.end())},
                                          {"version", kVersion},
                                          {"git_sha", kGitSha},
                                          {"uptime_s", up.count()}}),
                  healthy};
  json::object readiness{{"ready", ready}, {"checks", std::move(checks)}};
  if (draining_) readiness["reason"] = "draining";
  next->ready = {json::dump(readiness), ready};
  std::lock_guard lock(mutex_);
  snapshot_ = std::move(next);
}

std::shared_ptr<const HealthBoard::Snapshot> HealthBoard::snapshot() const {
  std::lock_guard lock(mutex_);
  return snapshot_;
}

HealthBoard::View HealthBoard::health() const {
  const auto latest = snapshot();
  if (steady_now() - latest->at <= kHealthStale) return latest->health;
  return {R"({"status":"degraded","components":{},"reason":"the checks themselves hang"})", false};
}

HealthBoard::View HealthBoard::ready() const {
  const auto latest = snapshot();
  if (steady_now() - latest->at <= kHealthStale) return latest->ready;
  return {R"({"ready":false,"checks":[],"reason":"the checks themselves hang"})", false};
}

}  // namespace selvage::app
