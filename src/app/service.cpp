#include "app/service.hpp"

#include <unistd.h>

#include <csignal>

#include "app/api_role.hpp"
#include "app/beat_role.hpp"
#include "app/build_info.hpp"
#include "app/component_health.hpp"
#include "app/monitor.hpp"
#include "app/recycle.hpp"
#include "app/worker_role.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "net/loop.hpp"

namespace selvage::app {

namespace {

constexpr milliseconds kApiGrace{10'000};  // for requests that are being answered
constexpr milliseconds kMonitorGrace{1'000};

class Service {
 public:
  Service(net::Loop& loop, Platform& platform, Roles roles)
      : loop_(loop), platform_(platform), roles_(roles), signals_(loop) {}

  Task<Result<void>> run(std::function<Result<void>(Platform&, std::uint16_t)> started) {
    CO_TRY(create_roles());
    if (monitor_) CO_TRY(monitor_->start());
    if (api_) {
      CO_TRY(api_->start());
      running_.spawn(api_->run(stop_.token()), "api");
    }
    if (worker_) working_.spawn(worker_->run(), "worker");
    if (beat_) working_.spawn(beat_->run(stop_work_.token()), "beat");
    if (board_) upkeep_.spawn(board_->run(stop_upkeep_.token()), "health board");
    upkeep_.spawn(platform_.broker->run(stop_upkeep_.token()), "broker");
    if (platform_.traces) {
      upkeep_.spawn(platform_.traces->run(stop_upkeep_.token()), "traces");
    }
    const std::uint16_t port = api_ ? api_->port() : std::uint16_t{0};
    log::info("started", {{"version", kVersion},
                          {"git_sha", kGitSha},
                          {"pid", getpid()},
                          {"roles", join(roles_.names(), ",")},
                          {"port", port},
                          {"monitor_port", monitor_ ? monitor_->port() : std::uint16_t{0}}});
    Result<void> outcome = started(platform_, port);
    if (outcome) co_await wait_for_the_end();
    co_await drain();
    if (monitor_) co_await stop_blocking([this] { monitor_->stop(kMonitorGrace); });
    stop_upkeep_.cancel();
    co_await upkeep_.join();
    co_await platform_.close();
    log::info("stopped", {{"starts_anew", starts_anew_}});
    co_return outcome;
  }

  // Whether the process is to go on in a new life, and with which sockets; after run().
  [[nodiscard]] bool starts_anew() const { return starts_anew_; }
  [[nodiscard]] const std::vector<int>& listeners() const { return listeners_; }

 private:
  Result<void> create_roles() {
    guard_ =
        std::make_unique<net::EgressGuard>(loop_, TRY(net::egress_options(platform_.settings)));
    if (platform_.settings.flag("SIZING") && (roles_.worker || roles_.api)) {
      sizer_ = std::make_unique<sizing::Sizer>(
          sizing::SizerParts{loop_, *guard_, platform_.poses, *platform_.database,
                             platform_.metrics},
          sizing::sizer_options(platform_.settings));
    }
    if (roles_.worker) {
      worker_ = TRY(WorkerRole::create(loop_, platform_, *guard_, sizer_.get(),
                                       [this](const tryon::Session&) {
                                         if (api_) api_->feed().poke();
                                       }));
    }
    if (roles_.api || has_monitor(platform_.settings)) {
      board_ = std::make_unique<HealthBoard>(TRY(component_checks(platform_, roles_, sizer_.get())),
                                             roles_.names());
    }
    if (has_monitor(platform_.settings)) {
      monitor_ = std::make_unique<Monitor>(platform_.settings, *board_, platform_.metrics);
    }
    if (roles_.api) {
      const std::string provider =
          worker_ ? worker_->provider_name() : platform_.settings.text("PROVIDER");
      api_ = TRY(ApiRole::create(loop_, platform_, *guard_, sizer_.get(), *board_, provider));
      if (sizer_) sizer_->warm();
    }
    if (roles_.beat) beat_ = TRY(BeatRole::create(platform_));
    return {};
  }

  // A signal, or memory that is used up.
  Task<void> wait_for_the_end() {
    TaskGroup beside;
    CancelSource ended;
    CancelSource too_large;
    beside.spawn(watch_memory(too_large, ended.token()), "memory");
    const int signal = co_await signals_.next(too_large.token());
    ended.cancel();
    co_await beside.join();
    starts_anew_ = signal == 0;
    if (signal != 0) log_signal(signal);
  }

  Task<void> watch_memory(CancelSource& too_large, CancelToken ended) {
    if (co_await memory_exceeded(platform_.settings.bytes("WORKER_MEMORY_MAX"), std::move(ended))) {
      too_large.cancel();
    }
  }

  // On a signal everything stops at once. For a new life the API serves until the work is done, and
  // its sockets stay open all the while.
  Task<void> drain() {
    if (worker_) worker_->drain(grace());
    stop_work_.cancel();
    CancelSource drained;
    stopping_.spawn(heed_signals(drained.token()), "signals");
    // until an API that is to go on has handed its sockets over, it takes traffic
    if (board_ && !(starts_anew_ && api_)) board_->say_draining();
    if (!starts_anew_) stop_api();
    co_await working_.join();
    stop_api();
    co_await running_.join();
    co_await api_stopping_.join();
    if (starts_anew_) remember_stop_signals();  // for who asks at the end
    drained.cancel();
    co_await stopping_.join();
  }

  // The first signal is what stopped us, or ends what was to be a new life; another hurries.
  Task<void> heed_signals(CancelToken drained) {
    while (const int signal = co_await signals_.next(drained)) {
      if (std::exchange(starts_anew_, false)) {
        log_signal(signal);
        for (const int socket : std::exchange(listeners_, {})) close(socket);
        if (board_) board_->say_draining();
        stop_api();
        continue;
      }
      log::warning("second_signal", {{"effect", "running jobs are handed back now"}});
      if (worker_) worker_->drain(milliseconds(0));
      if (api_) api_->hurry();
    }
  }

  void log_signal(int signal) {
    log::info("draining", {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"}});
  }

  [[nodiscard]] milliseconds grace() const { return platform_.settings.duration("DRAIN_GRACE"); }

  void stop_api() {
    if (!api_ || stop_.cancelled()) return;
    if (starts_anew_) {
      auto kept = api_->kept_listeners();
      if (kept) listeners_ = std::move(*kept);
      if (!kept) log::error("listeners_not_kept", kept.error());
    }
    stop_.cancel();
    const milliseconds patience = std::min(grace(), kApiGrace);
    api_stopping_.spawn(stop_blocking([this, patience] { api_->stop(patience); }), "stop api");
  }

  Task<void> stop_blocking(std::function<void()> stop) {
    const auto stopped = co_await stop_pool_.run([stop]() -> Result<void> {
      stop();
      return {};
    });
    if (!stopped) log::error("http_stop_failed", stopped.error());
  }

  net::Loop& loop_;
  Platform& platform_;
  Roles roles_;
  net::StopSignals signals_;
  net::BlockingPool stop_pool_{"stop", 1};
  std::unique_ptr<net::EgressGuard> guard_;
  std::unique_ptr<sizing::Sizer> sizer_;  // null: SIZING is off
  std::unique_ptr<WorkerRole> worker_;
  std::unique_ptr<HealthBoard> board_;  // null: nobody can ask
  std::unique_ptr<Monitor> monitor_;    // null: MONITOR_PORT is 0
  std::unique_ptr<ApiRole> api_;
  std::unique_ptr<BeatRole> beat_;
  bool starts_anew_ = false;
  std::vector<int> listeners_;
  CancelSource stop_;       // the API
  CancelSource stop_work_;  // the beat; the worker is drained
  TaskGroup running_;
  TaskGroup working_;
  TaskGroup stopping_;
  TaskGroup api_stopping_;
  CancelSource stop_upkeep_;  // after the roles, which use what is kept up
  TaskGroup upkeep_;
};

}  // namespace

Result<void> serve(Settings settings, Roles roles,
                   std::function<Result<void>(Platform&, std::uint16_t port)> started) {
  configure_log(settings);
  std::signal(SIGPIPE, SIG_IGN);
  end_on_stop_signals();
  for (const std::string& warning : settings.production_warnings()) {
    log::warning("unsafe_for_production", {{"setting", warning}});
  }
  std::vector<int> listeners;
  {
    net::Loop loop;
    auto platform = TRY(Platform::open(std::move(settings), loop));
    Service service(loop, *platform, roles);
    TRY(loop.run_until_done(service.run(std::move(started))));
    if (!service.starts_anew()) return {};
    listeners = service.listeners();
  }
  if (stop_signal_remembered()) return {};
  return fail(run_anew(listeners));
}

}  // namespace selvage::app
