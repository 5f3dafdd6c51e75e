// The api role: HTTP for clients, operators and the console.
#pragma once

#include <memory>

#include "app/http/api_parts.hpp"
#include "app/http/authenticator.hpp"
#include "net/http_server.hpp"

namespace selvage::app {

class ApiRole {
 public:
  // `guard` judges the URLs of new jobs; it, the platform, `board` and `sizer` (null: SIZING is
  // off) outlive the role. Errors: of the settings and secrets.
  [[nodiscard]] static Result<std::unique_ptr<ApiRole>> create(net::Loop& loop, Platform& platform,
                                                               const net::EgressGuard& guard,
                                                               sizing::Sizer* sizer,
                                                               const HealthBoard& board,
                                                               std::string provider);
  // Binds the port and serves on threads of its own.
  [[nodiscard]] Result<void> start() { return server_.start(); }
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  // Feeds streams and charts until cancelled.
  [[nodiscard]] Task<void> run(CancelToken cancel);
  // Ends connections; blocks up to `grace`, so not on an event loop.
  void stop(milliseconds grace) { server_.stop(grace); }
  // Any thread: the grace of stop() is over.
  void hurry() { server_.hurry(); }
  [[nodiscard]] Result<std::vector<int>> kept_listeners() { return server_.kept_listeners(); }
  [[nodiscard]] JobFeed& feed() { return feed_; }
  [[nodiscard]] const net::Router& router() const { return router_; }

 private:
  ApiRole(net::Loop& loop, Platform& platform, const net::EgressGuard& guard, sizing::Sizer* sizer,
          const HealthBoard& board, Secret console_key, std::string provider,
          net::ServerOptions options);
  Task<void> keep_timeline(CancelToken cancel);

  Platform& platform_;
  ConsoleSessions console_sessions_;
  Authenticator authenticator_;
  tryon::Acceptance acceptance_;
  Timeline timeline_;
  JobFeed feed_;
  net::Router router_;
  net::HttpServer server_;
};

}  // namespace selvage::app
