#include <boost/json.hpp>
#include <cstdio>

#include "app/command.hpp"
#include "app/monitor.hpp"
#include "base/json.hpp"
#include "net/http_client.hpp"

namespace selvage::app {

namespace {

Task<Result<net::ClientResponse>> request(net::Loop& loop, std::string url) {
  net::HttpClient client(loop, {.connect_time = milliseconds(2000)});
  net::ClientRequest request;
  request.url = std::move(url);
  request.deadline = Deadline::after(milliseconds(4000));
  request.max_body = 256_KiB;
  co_return co_await client.send(std::move(request));
}

// How a process of this host reaches who listens on `host`.
std::string local_url(std::string_view host, std::int64_t port) {
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  const bool brackets = host.contains(':');
  return fmt::format("http://{}{}{}:{}", brackets ? "[" : "", host, brackets ? "]" : "", port);
}

struct Answer {
  bool good = false;
  bool of_api = false;  // the process that answered has that role
};

bool names_api(const json::object& health) {
  const auto* roles = health.if_contains("roles");
  const auto* list = roles != nullptr ? roles->if_array() : nullptr;
  return list != nullptr && std::ranges::find(*list, json::value("api")) != list->end();
}

// Prints what `base` answers.
Result<Answer> ask(const std::string& base, bool ready) {
  net::Loop loop;
  auto response = loop.run_until_done(request(loop, base + (ready ? "/ready" : "/health")));
  if (!response) {
    Error error = response.error().within(base);
    error.hint =
        "is it running? A process without the API (selvage worker, selvage beat) answers at its "
        "MONITOR_PORT, when one is set";
    return fail(error);
  }
  fmt::print("{}\n", response->body);
  const bool answered = response->status == 200;
  if (ready) return Answer{.good = answered};
  const auto body = json::parse(response->body);
  const auto* object = body ? body->if_object() : nullptr;
  if (object == nullptr) return Answer{};
  const auto* status = object->if_contains("status");
  return Answer{.good = answered && status != nullptr && *status == "ok",
                .of_api = names_api(*object)};
}

Result<int> run(const Invocation& invocation) {
  const bool ready = invocation.has("--ready");
  if (const auto url = invocation.value("--url")) return TRY(ask(*url, ready)).good ? 0 : 1;
  const Settings settings = TRY(load_settings(invocation));
  const std::string api = local_url(settings.text("HTTP_HOST"), settings.integer("HTTP_PORT"));
  if (!has_monitor(settings) || invocation.has("--port")) return TRY(ask(api, ready)).good ? 0 : 1;
  const Answer answer =
      TRY(ask(local_url(settings.text("MONITOR_HOST"), settings.integer("MONITOR_PORT")), ready));
  // a monitor that answers says nothing of the port that clients use
  if (answer.good && answer.of_api) return TRY(ask(api, ready)).good ? 0 : 1;
  return answer.good ? 0 : 1;
}

}  // namespace

Command healthcheck_command() {
  return {
      .name = "healthcheck",
      .summary = "Ask a running instance for its health; for a container's HEALTHCHECK.",
      .details =
          "Asks at MONITOR_PORT when that is set, which processes of every role answer, and the "
          "API where the process has it; else the API. Exits 0 when /health says ok, 1 when it "
          "says degraded, 3 when nothing answers.",
      .flags = {{"--url", "URL", "base URL; default: from the settings"},
                {"--port", "PORT", "ask the API, at this port", "HTTP_PORT"},
                {"--ready", "", "ask /ready instead"}},
      .run = run};
}

}  // namespace selvage::app
