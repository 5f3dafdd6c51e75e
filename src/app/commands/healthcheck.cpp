#include <boost/json.hpp>
#include <cstdio>

#include "app/command.hpp"
#include "base/json.hpp"
#include "net/http_client.hpp"

namespace selvage::app {

namespace {

Task<Result<net::ClientResponse>> ask(net::Loop& loop, std::string url) {
  net::HttpClient client(loop, {.connect_time = milliseconds(2000)});
  net::ClientRequest request;
  request.url = std::move(url);
  request.deadline = Deadline::after(milliseconds(4000));
  request.max_body = 256_KiB;
  co_return co_await client.send(std::move(request));
}

Result<int> run(const Invocation& invocation) {
  std::string url;
  if (const auto given = invocation.value("--url")) {
    url = *given;
  } else {
    const Settings settings = TRY(load_settings(invocation));
    const std::string& host = settings.text("HTTP_HOST");
    url = fmt::format("http://{}:{}", host == "0.0.0.0" ? "127.0.0.1" : host,
                      settings.integer("HTTP_PORT"));
  }
  const bool ready = invocation.has("--ready");
  net::Loop loop;
  auto response = loop.run_until_done(ask(loop, url + (ready ? "/ready" : "/health")));
  if (!response) {
    Error error = response.error().within(url);
    error.hint = "is it running? selvage up";
    return fail(error);
  }
  fmt::print("{}\n", response->body);
  if (ready) return response->status == 200 ? 0 : 1;
  const auto body = json::parse(response->body);
  const auto* object = body ? body->if_object() : nullptr;
  const auto* status = object != nullptr ? object->if_contains("status") : nullptr;
  return response->status == 200 && status != nullptr && *status == "ok" ? 0 : 1;
}

}  // namespace

Command healthcheck_command() {
  return {
      .name = "healthcheck",
      .summary = "Ask a running instance for its health; for a container's HEALTHCHECK.",
      .details = "Exits 0 when /health says ok, 1 when it says degraded, 3 when nothing answers.",
      .flags = {{"--url", "URL", "base URL; default: HTTP_HOST and HTTP_PORT of the settings"},
                {"--port", "PORT", "port the API listens on", "HTTP_PORT"},
                {"--ready", "", "ask /ready instead"}},
      .run = run};
}

}  // namespace selvage::app
