#include <unistd.h>

#include <cstdio>

#include "app/command.hpp"
#include "app/http/console_session.hpp"
#include "app/service.hpp"

namespace selvage::app {

namespace {

// The first start has nobody who could sign in, so it prints the link that lets the operator in
// once.
Result<void> greet(Platform& platform, std::uint16_t port) {
  const bool known = TRY(platform.database->read_blocking(any_login_code));
  const std::string& host = platform.settings.text("HTTP_HOST");
  const std::string base =
      fmt::format("http://{}:{}", host == "0.0.0.0" ? "127.0.0.1" : host, port);
  std::string text = fmt::format("Selvage is up on {}\n", base);
  if (!known) {
    const std::string code = TRY(platform.database->write_blocking(create_login_code));
    text += fmt::format(
        "First start. Sign in to the console once, within an hour, by this link:\n"
        "  {}/console/#login={}\n",
        base, code);
  } else {
    text += "Sign in to the console by the link of: selvage console-login\n";
  }
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
  return {};
}

Result<int> run(const Invocation& invocation) {
  TRY(serve(TRY(load_settings(invocation)), {.worker = true, .api = true, .beat = true}, greet));
  return 0;
}

}  // namespace

Command up_command() {
  return {.name = "up",
          .summary = "Run the whole platform in one process: API, console, worker and scheduler.",
          .details =
              "Needs nothing else: sessions, credits and the queue live in SQLite under "
              "DATA_DIR, pictures in files beside it, and the `local` provider makes them. "
              "Ctrl-C drains and stops.",
          .flags = {{"--port", "PORT", "port to listen on", "HTTP_PORT"},
                    {"--host", "ADDRESS", "address to listen on", "HTTP_HOST"},
                    {"--provider", "NAME", "local or openai", "PROVIDER"},
                    {"--concurrency", "N", "jobs run at once", "WORKER_CONCURRENCY"}},
          .run = run};
}

}  // namespace selvage::app
