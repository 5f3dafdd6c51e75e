// HTTP/1.1 server: one acceptor and one event loop a thread (SO_REUSEPORT), nothing shared between
// them but the router and the counters.
//
// Handlers are coroutines; each runs on the loop of its connection and must not block it. Requests
// on one connection are answered in order; pipelined ones wait. Every limit has a clear answer: 400
// malformed, 408 slow, 413 body, 414 target, 431 head, 503 too many connections or draining.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "base/task_function.hpp"
#include "base/units.hpp"
#include "net/http_message.hpp"

namespace selvage::net {

using Handler = TaskFunction<Task<Response>(Request)>;

// What the router knows of one route; the OpenAPI document is made from the same rows.
struct Route {
  Method method;
  std::string pattern;  // "/v1/jobs/{id}", or "/files/{path*}" to take the rest
  Handler handler;
  ByteCount max_body = 1_MiB;
  // Runs before `handler` and before a body over 64 KiB is read; a response ends the request. May
  // be empty.
  TaskFunction<Task<std::optional<Response>>(const Request&)> gate;
  bool traced = true;  // false for what is asked all the time: probes, metrics, static files
};

// Filled before the server starts, then only read, by any thread. A fixed segment goes before a
// parameter, and a parameter before a rest: "/jobs/recent" wins over "/jobs/{id}", whatever was
// added first.
class Router {
 public:
  // REQUIRES: no second route for the same method and path, and the same parameter names in the
  // same places.
  void add(Route route);
  struct Match {
    const Route* route = nullptr;  // nullptr: no such path, or wrong method
    bool path_known = false;       // then the answer is 405 with Allow, else 404
    std::string allow;
    std::vector<std::pair<std::string, std::string>> params;
  };
  [[nodiscard]] Match match(Method method, std::string_view path) const;  // HEAD matches GET
  [[nodiscard]] const std::vector<std::unique_ptr<Route>>& routes() const { return routes_; }

 private:
  using Params = std::vector<std::pair<std::string, std::string>>;
  struct Segment {
    enum class Kind { fixed, param, rest };
    Kind kind;
    std::string text;  // of a parameter: its name
  };
  // All routes of one path.
  struct Place {
    std::vector<Segment> segments;  // empty when the path has no parameters
    std::vector<const Route*> routes;
    [[nodiscard]] bool takes(std::string_view path, Params& params) const;
    [[nodiscard]] const Route* route_for(Method method) const;
    [[nodiscard]] std::string allow() const;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  Place& pattern_place(std::string_view pattern);

  std::vector<std::unique_ptr<Route>> routes_;
  std::unordered_map<std::string, Place, TextHash, std::equal_to<>> plain_;
  std::vector<Place> patterns_;  // the most specific first
};

struct ServerLimits {
  ByteCount head = 16_KiB;
  seconds head_time{10};             // from the first byte of a request to the end of its head
  seconds body_time{60};             // for the whole body
  ByteCount all_bodies = 512_MiB;    // bodies held at once, over all connections; beyond it: 503
  ByteCount body_rate{1024};         // slower than this a second on average, after 5 s, is cut
  seconds idle_time{75};             // keep-alive without a request
  seconds write_time{60};            // a client that does not read
  std::size_t connections = 10'000;  // over all threads
  std::size_t connections_per_peer = 1'000;
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8000;  // 0: any free one
  std::size_t threads = 0;    // 0: one a core
  ServerLimits limits;
  std::vector<std::string> trusted_proxies;  // addresses or CIDR whose X-Forwarded-For counts
  std::vector<std::string> cors_origins;     // empty: CORS is off
  std::string server_name = "selvage";
  std::string not_found_hint = "the API is described at /openapi.json";
  // Listening sockets of an earlier life of this process (kept_listeners()), one a thread: taken
  // over instead of bound anew, so that no client was refused in between. Those that do not listen
  // on this port, or are more than there are threads, are closed.
  std::vector<int> listeners;
  // Gets a span for each request of a traced route, as part of the trace that traceparent names.
  // Null: none. Outlives the server.
  Tracer* tracer = nullptr;
};

class HttpServer {
 public:
  // `router` and `metrics` must outlive the server. Metrics:
  // http_requests_total{method,status,handler}, http_request_duration_seconds{method,handler},
  // http_requests_inprogress, http_connections.
  HttpServer(ServerOptions options, const Router& router, Registry& metrics);
  ~HttpServer();

  // Binds and starts the threads. Errors: http.address_in_use, http.bind.
  [[nodiscard]] Result<void> start();
  [[nodiscard]] std::uint16_t port() const;
  // Stops accepting, lets running requests finish for at most `grace`, tells streams to end,
  // closes. Called once, from a thread that is not one of the server's.
  void stop(milliseconds grace);
  // Any thread, once stop() was called or is about to be: its grace is over now.
  void hurry();
  // Copies of the listening sockets that survive stop() and exec(): until somebody takes them over,
  // clients that connect wait in them. The caller owns them. After start(), before stop().
  [[nodiscard]] Result<std::vector<int>> kept_listeners();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace selvage::net
