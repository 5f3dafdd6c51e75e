#include "app/service.hpp"

#include <unistd.h>

#include <csignal>

#include "app/api_role.hpp"
#include "app/build_info.hpp"
#include "app/worker_role.hpp"
#include "base/log.hpp"
#include "net/loop.hpp"

namespace selvage::app {

namespace {

class Service {
 public:
  Service(net::Loop& loop, Platform& platform, Roles roles)
      : loop_(loop), platform_(platform), roles_(roles), signals_(loop) {}

  Task<Result<void>> run(std::function<Result<void>(Platform&, std::uint16_t)> started) {
    CO_TRY(create_roles());
    if (api_) {
      CO_TRY(api_->start());
      running_.spawn(api_->run(stop_.token()), "api");
    }
    if (worker_) running_.spawn(worker_->run(), "worker");
    const std::uint16_t port = api_ ? api_->port() : std::uint16_t{0};
    log::info("started", {{"version", kVersion},
                          {"git_sha", kGitSha},
                          {"pid", getpid()},
                          {"roles", role_names()},
                          {"port", port}});
    Result<void> outcome = started(platform_, port);
    if (outcome) {
      const int signal = co_await signals_.next();
      log::info("draining", {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"}});
    }
    co_await drain();
    log::info("stopped");
    co_return outcome;
  }

 private:
  Result<void> create_roles() {
    guard_ =
        std::make_unique<net::EgressGuard>(loop_, TRY(net::egress_options(platform_.settings)));
    if (roles_.worker) {
      worker_ = TRY(WorkerRole::create(loop_, platform_, *guard_, [this](const tryon::Session&) {
        if (api_) api_->feed().poke();
      }));
    }
    if (roles_.api) {
      const std::string provider =
          worker_ ? worker_->provider_name() : platform_.settings.text("PROVIDER");
      api_ = TRY(ApiRole::create(loop_, platform_, *guard_, provider));
    }
    return {};
  }

  std::string_view role_names() const {
    return roles_.worker && roles_.api ? "worker,api" : roles_.worker ? "worker" : "api";
  }

  Task<void> drain() {
    const milliseconds grace = platform_.settings.duration("DRAIN_GRACE");
    if (worker_) worker_->drain(grace);
    TaskGroup beside;
    CancelSource drained;
    beside.spawn(hurry_on_second_signal(drained.token()), "second signal");
    if (api_) beside.spawn(stop_api(std::min(grace, milliseconds(10'000))), "stop api");
    stop_.cancel();
    co_await running_.join();
    drained.cancel();
    co_await beside.join();
  }

  Task<void> hurry_on_second_signal(CancelToken drained) {
    if (co_await signals_.next(drained) == 0) co_return;
    log::warning("second_signal", {{"effect", "running jobs are handed back now"}});
    if (worker_) worker_->drain(milliseconds(0));
  }

  Task<void> stop_api(milliseconds grace) {
    const auto stopped = co_await stop_pool_.run([this, grace]() -> Result<void> {
      api_->stop(grace);
      return {};
    });
    if (!stopped) log::error("api_stop_failed", stopped.error());
  }

  net::Loop& loop_;
  Platform& platform_;
  Roles roles_;
  net::StopSignals signals_;
  net::BlockingPool stop_pool_{"stop", 1};
  std::unique_ptr<net::EgressGuard> guard_;
  std::unique_ptr<WorkerRole> worker_;
  std::unique_ptr<ApiRole> api_;
  CancelSource stop_;
  TaskGroup running_;
};

}  // namespace

Result<void> serve(Settings settings, Roles roles,
                   std::function<Result<void>(Platform&, std::uint16_t port)> started) {
  configure_log(settings);
  std::signal(SIGPIPE, SIG_IGN);
  for (const std::string& warning : settings.production_warnings()) {
    log::warning("unsafe_for_production", {{"setting", warning}});
  }
  auto platform = TRY(Platform::open(std::move(settings)));
  net::Loop loop;
  Service service(loop, *platform, roles);
  return loop.run_until_done(service.run(std::move(started)));
}

}  // namespace selvage::app
