#include "app/api_role.hpp"

#include "app/recycle.hpp"
#include "base/log.hpp"
#include "data/kept_secret.hpp"

namespace selvage::app {

namespace {

net::ServerOptions server_options(const Platform& platform) {
  const Settings& settings = platform.settings;
  net::ServerOptions options;
  options.address = settings.text("HTTP_HOST");
  options.port = static_cast<std::uint16_t>(settings.integer("HTTP_PORT"));
  options.threads = static_cast<std::size_t>(settings.integer("HTTP_THREADS"));
  options.limits.connections = static_cast<std::size_t>(settings.integer("HTTP_MAX_CONNECTIONS"));
  options.limits.connections_per_peer =
      static_cast<std::size_t>(settings.integer("HTTP_CONNECTIONS_PER_PEER"));
  options.trusted_proxies = settings.list("TRUSTED_PROXIES");
  options.cors_origins = settings.list("CORS_ORIGINS");
  options.listeners = inherited_listeners();
  options.tracer = platform.traces.get();
  return options;
}

bool operations_open(const Settings& settings) {
  const std::string& access = settings.text("OPERATIONS_ACCESS");
  if (access != "auto") return access == "open";
  const std::string& host = settings.text("HTTP_HOST");
  return host.starts_with("127.") || host == "::1" || host == "localhost";
}

}  // namespace

Result<std::unique_ptr<ApiRole>> ApiRole::create(net::Loop& loop, Platform& platform,
                                                 const net::EgressGuard& guard,
                                                 sizing::Sizer* sizer, const HealthBoard& board,
                                                 std::string provider) {
  auto key =
      TRY(data::kept_secret(std::filesystem::path(platform.settings.text("DATA_DIR")) / "secrets",
                            "console-session-key"));
  return std::unique_ptr<ApiRole>(new ApiRole(loop, platform, guard, sizer, board, std::move(key),
                                              std::move(provider), server_options(platform)));
}

ApiRole::ApiRole(net::Loop& loop, Platform& platform, const net::EgressGuard& guard,
                 sizing::Sizer* sizer, const HealthBoard& board, Secret console_key,
                 std::string provider, net::ServerOptions options)
    : platform_(platform),
      console_sessions_(std::move(console_key)),
      authenticator_(*platform.database, console_sessions_, operations_open(platform.settings)),
      acceptance_(*platform.database, *platform.broker, *platform.storage, guard, platform.queue,
                  &platform.metrics, platform.settings.integer("OWNER_DAILY_JOBS")),
      feed_(loop, *platform.database),
      server_(std::move(options), router_, platform.metrics) {
  feed_.on_change([this](const tryon::Session& session) { timeline_.record(session); });
  add_routes(router_,
             all_endpoints({platform, acceptance_, guard, feed_, timeline_, board,
                            console_sessions_, authenticator_, std::move(provider), sizer}),
             authenticator_);
}

Task<void> ApiRole::run(CancelToken cancel) {
  TaskGroup parts;
  parts.spawn(feed_.run(cancel), "job feed");
  parts.spawn(keep_timeline(cancel), "timeline");
  co_await parts.join();
}

Task<void> ApiRole::keep_timeline(CancelToken cancel) {
  while (co_await net::sleep_for(kTimelineStep, cancel)) {
    auto depths = co_await platform_.broker->depths();
    if (!depths) continue;
    std::erase_if(*depths, [this](const auto& depth) { return depth.queue != platform_.queue; });
    timeline_.close_step(now(), *depths);
  }
}

}  // namespace selvage::app
