#include "net/detail/connection.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "net/detail/client_address.hpp"
#include "net/detail/problem.hpp"
#include "net/detail/server_span.hpp"

namespace selvage::net::detail {

namespace {

// Up to this size a body is read before the gate runs, so that a refusal does not cost the
// connection.
constexpr std::uint64_t kReadBeforeGate = 64 * 1024;
// How much and how long is read on after the last answer: the client must get to see it before the
// close.
constexpr std::uint64_t kMaxDrained = 4 * 1024 * 1024;
constexpr milliseconds kDrainTime{3'000};
// How long a new connection may still bring its first request once the server drains: who could
// connect expects an answer, while a client that keeps a connection knows that it may be closed.
constexpr milliseconds kFirstRequestTime{2'000};

Response options_response(std::string allow) {
  Response response;
  response.status = 204;
  response.headers.add("Allow", std::move(allow));
  return response;
}

}  // namespace

Connection::Connection(Worker& worker, Socket socket, std::string peer, bool peer_is_proxy)
    : worker_(worker),
      transport_(std::move(socket)),
      peer_(std::move(peer)),
      peer_is_proxy_(peer_is_proxy) {}

void Connection::set_phase(Phase phase, SteadyTime deadline) {
  phase_ = phase;
  transport_.set_deadline(deadline);
}

Task<void> Connection::serve() {
  set_phase(Phase::idle, steady_now() + limits().idle_time);
  for (;;) {
    const HeadOutcome outcome = co_await receive_head();
    if (outcome == HeadOutcome::closed) co_return;
    co_await exchange(outcome == HeadOutcome::refused);
    if (client_gone_) co_return;
    if (!current_.keep_alive || worker_.draining()) break;
  }
  if (current_.body_pending || !input_.empty()) co_await close_slowly();
}

Task<void> Connection::refuse_for_load() {
  current_.started = steady_now();
  worker_.request_ids().write_next(current_.request_id);
  Response response =
      refusal_response({.status = 503,
                        .code = "http.too_many_connections",
                        .detail = "too many connections are open",
                        .hint = "try again in a moment, and keep connections alive"});
  response.headers.add("Retry-After", "5");
  const bool delivered = co_await send(response);
  finish(response.status, delivered);
  if (delivered) co_await close_slowly();
}

Task<Connection::HeadOutcome> Connection::receive_head() {
  scanner_.reset();
  bool skipped_line = false;
  for (;;) {
    const HeadScanner::State state = scanner_.scan(input_.unread());
    if (state == HeadScanner::State::bare_line_feed) {
      refusal_ = Refusal{.status = 400,
                         .code = "http.malformed",
                         .detail = "a line of the request ends without a carriage return",
                         .hint = "send the request as RFC 9112 describes it"};
      co_return HeadOutcome::refused;
    }
    if (state == HeadScanner::State::complete) {
      if (scanner_.has_line() || skipped_line) co_return HeadOutcome::complete;
      // Old clients end a body with one line end too many (RFC 9112 section 2.2).
      input_.consume(scanner_.size());
      scanner_.reset();
      skipped_line = true;
      continue;
    }
    const std::uint64_t cap = limits().head.value;
    if (input_.size() >= cap) {
      refusal_ = scanner_.has_line() ? Refusal{.status = 431,
                                               .code = "http.head_too_large",
                                               .detail = "the head of the request is too large",
                                               .hint = "send fewer or shorter headers"}
                                     : Refusal{.status = 414,
                                               .code = "http.target_too_long",
                                               .detail = "the request line is too long",
                                               .hint = "move the data into the body"};
      co_return HeadOutcome::refused;
    }
    if (!input_.empty() && phase_ == Phase::idle) {
      set_phase(Phase::head, steady_now() + limits().head_time);
    }
    std::size_t count = co_await transport_.read_some(input_.space(cap));
    // A request may have arrived in the very moment in which an idle connection is closed.
    if (count == 0 && transport_.interrupted() && phase_ == Phase::idle) {
      count = transport_.read_now(input_.space(cap));
      if (count > 0) transport_.allow_waits();
    }
    if (count == 0) {
      if (phase_ == Phase::idle || !transport_.interrupted()) co_return HeadOutcome::closed;
      refusal_ = Refusal{.status = 408,
                         .code = "http.slow_head",
                         .detail = "the head of the request took too long",
                         .hint = "send the request faster"};
      co_return HeadOutcome::refused;
    }
    input_.commit(count);
  }
}

// Takes what concerns every request from its head.
void Connection::begin(Request& request) {
  const std::string_view given = request.headers.get("X-Request-Id");
  if (is_request_id(given)) {
    current_.request_id = given;
  } else {
    worker_.request_ids().write_next(current_.request_id);
  }
  current_.method = request.method;
  current_.target = request.target;
  current_.peer = peer_is_proxy_
                      ? forwarded_client(peer_, request.headers, worker_.state().trusted_proxies)
                      : peer_;
  request.peer = current_.peer;
  request.request_id = current_.request_id;
  request.log.with("request_id", current_.request_id);
  request.cancel = worker_.requests_cancelled();
}

Task<void> Connection::exchange(bool refused) {
  RouteMetrics& metrics = worker_.state().metrics;
  metrics.in_progress.add(1);
  current_.started = steady_now();
  current_.method = Method::other;
  current_.route = nullptr;
  current_.keep_alive = false;
  current_.body_pending = true;
  current_.target.clear();
  current_.cors_origin.clear();
  set_phase(Phase::handler, SteadyTime::max());
  transport_.allow_waits();

  Response response;
  try {
    response = refused ? refusal_response(*refusal_) : co_await answer();
  } catch (const std::exception& bug) {
    response = crash_response(bug.what());
  } catch (...) {  // whatever a handler throws, the client gets an answer and the server lives
    response = crash_response("an exception that is no std::exception");
  }
  if (!client_gone_) {
    if (worker_.draining()) current_.keep_alive = false;
    const bool delivered = co_await send(response);
    if (!delivered) client_gone_ = true;
  }
  finish(response.status, !client_gone_);
  metrics.in_progress.add(-1);
}

Task<Response> Connection::answer() {
  Request request;
  const auto framing = parse_head(input_.unread().substr(0, scanner_.size()), request);
  begin(request);
  input_.consume(scanner_.size());
  if (!framing) co_return refusal_response(framing.error());

  current_.http_1_0 = framing->http_1_0;
  current_.body_pending = framing->chunked || framing->content_length > 0;
  // Only an exchange that leaves the connection in a known place lets it live on.
  const bool wants_keep_alive = framing->keep_alive && !worker_.draining();
  current_.keep_alive = wants_keep_alive && !current_.body_pending;

  Router::Match match = worker_.state().router.match(request.method, request.path);
  current_.route = match.route;
  if (auto preflight = cors(request, match)) co_return std::move(*preflight);
  if (match.route == nullptr) co_return no_route(request, match);
  const Route& route = *match.route;
  request.params = std::move(match.params);
  current_.span = start_server_span(worker_.state().options.tracer, request, route);
  if (current_.span) {
    request.span = &current_.span;
    request.log.with("trace_id", current_.span.context().trace_hex());
  }

  if (framing->content_length > route.max_body.value) {
    co_return refusal_response({.status = 413,
                                .code = "http.body_too_large",
                                .detail = "the body is larger than this resource takes",
                                .hint = "send less"});
  }
  const bool gate_first =
      framing->chunked || framing->expects_continue || framing->content_length > kReadBeforeGate;
  if (gate_first && route.gate) {
    if (auto refused = co_await route.gate(request)) co_return std::move(*refused);
  }
  if (current_.body_pending) {
    const auto received = co_await receive_body(*framing, route.max_body.value, request.body);
    if (!received) {
      client_gone_ = !received.error().refusal;
      if (client_gone_) co_return Response{.status = 499};
      Response refused = refusal_response(*received.error().refusal);
      if (refused.status == 503) refused.headers.add("Retry-After", "5");
      co_return refused;
    }
    current_.body_pending = false;
    current_.keep_alive = wants_keep_alive;
    set_phase(Phase::handler, SteadyTime::max());
  }
  if (!gate_first && route.gate) {
    if (auto refused = co_await route.gate(request)) co_return std::move(*refused);
  }
  co_return co_await route.handler(std::move(request));
}

std::optional<Response> Connection::cors(const Request& request, const Router::Match& match) {
  const auto& origins = worker_.state().options.cors_origins;
  const std::string_view origin = origins.empty() ? "" : request.headers.get("Origin");
  const bool allowed =
      !origin.empty() && std::find(origins.begin(), origins.end(), origin) != origins.end();
  if (allowed) current_.cors_origin = origin;

  if (request.method != Method::options || match.route != nullptr || !match.path_known) return {};
  Response response = options_response(match.allow);
  if (allowed && request.headers.has("Access-Control-Request-Method")) {
    response.headers.add("Access-Control-Allow-Methods", match.allow);
    response.headers.add(
        "Access-Control-Allow-Headers",
        "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Request-Id, traceparent, "
        "tracestate");
    response.headers.add("Access-Control-Max-Age", "600");
  }
  return response;
}

Response Connection::crash_response(std::string_view why) {
  log::error("handler_crashed", {{"request_id", current_.request_id},
                                 {"handler", current_.route ? current_.route->pattern : "none"},
                                 {"error", why}});
  current_.keep_alive = false;
  return refusal_response({.status = 500,
                           .code = "http.handler_crashed",
                           .detail = "the request met a bug in the server",
                           .hint = "report the request_id"});
}

Response Connection::no_route(const Request& request, const Router::Match& match) {
  const std::string path(request.target.substr(0, request.target.find('?')));
  if (!match.path_known) {
    const std::string detail = "there is nothing at " + path;
    return refusal_response({.status = 404,
                             .code = "http.not_found",
                             .detail = detail,
                             .hint = worker_.state().options.not_found_hint});
  }
  const std::string detail = fmt::format("{} does not take {}", path, name(request.method));
  const std::string hint = "use one of " + match.allow;
  Response response = refusal_response(
      {.status = 405, .code = "http.method_not_allowed", .detail = detail, .hint = hint});
  response.headers.add("Allow", match.allow);
  return response;
}

Response Connection::refusal_response(const Refusal& refusal) {
  return problem_response({.status = refusal.status,
                           .code = refusal.code,
                           .detail = refusal.detail,
                           .hint = refusal.hint,
                           .target = current_.target,
                           .request_id = current_.request_id});
}

Task<void> Connection::close_slowly() {
  set_phase(Phase::closing, steady_now() + kDrainTime);
  transport_.allow_waits();
  transport_.finish_sending();
  input_.consume(input_.size());
  std::uint64_t drained = 0;
  while (drained < kMaxDrained) {
    const std::size_t count = co_await transport_.read_some(input_.space(kReadBeforeGate));
    if (count == 0) co_return;
    drained += count;
  }
}

void Connection::finish(int status, bool delivered) {
  if (body_held_ > 0) worker_.state().body_bytes -= std::exchange(body_held_, 0);
  const SteadyTime time = steady_now();
  const std::chrono::duration<double> took = time - current_.started;
  worker_.state().metrics.observe(current_.route, current_.method, status, took.count());
  end_server_span(current_.span, status, delivered);
  set_phase(Phase::idle, time + limits().idle_time);
  if (input_.empty()) input_.shrink();

  const log::Fields fields = {
      {"request_id", current_.request_id},
      {"method", name(current_.method)},
      {"target", std::string_view(current_.target).substr(0, current_.target.find('?'))},
      {"status", status},
      {"took_ms", took.count() * 1000},
      {"peer", current_.peer},
      {"delivered", delivered}};
  // Without a route the client is at fault, and could fill the log with one line for each of its
  // requests.
  if (status >= 500 && current_.route != nullptr) {
    log::info("http_request", fields);
  } else {
    log::debug("http_request", fields);
  }
}

void Connection::check_deadline(SteadyTime time) {
  bool late = transport_.is_late(time);
  if (phase_ == Phase::body) {
    constexpr seconds kRunUp{5};
    const std::chrono::duration<double> took = time - body_started_;
    late |= took > kRunUp && static_cast<double>(body_received_) <
                                 took.count() * static_cast<double>(limits().body_rate.value);
  }
  if (late) transport_.interrupt();
}

void Connection::drain() {
  const bool is_new = current_.request_id.empty();
  if (phase_ == Phase::idle && is_new) {
    transport_.set_deadline(steady_now() + kFirstRequestTime);
  } else if (phase_ == Phase::idle) {
    transport_.interrupt();
  }
  if (stream_ != nullptr) stream_->close();
}

}  // namespace selvage::net::detail
