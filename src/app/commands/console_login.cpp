#include <cstdio>

#include "app/command.hpp"
#include "app/http/console_session.hpp"
#include "app/platform.hpp"

namespace selvage::app {

namespace {

Result<int> run(const Invocation& invocation) {
  net::Loop loop;
  const auto platform = TRY(Platform::open(TRY(load_settings(invocation)), loop));
  const std::string code = TRY(platform->database->write_blocking(create_login_code));
  const Settings& settings = platform->settings;
  std::string base = settings.text("PUBLIC_BASE_URL");
  if (base.empty()) {
    base = fmt::format("http://{}:{}", settings.text("HTTP_HOST"), settings.integer("HTTP_PORT"));
  }
  fmt::print("{}/console/#login={}\n", base, code);
  return 0;
}

}  // namespace

Command console_login_command() {
  return {.name = "console-login",
          .summary = "Print a link that signs in to the console once, within an hour.",
          .flags = {{"--port", "PORT", "port the API listens on", "HTTP_PORT"}},
          .run = run};
}

}  // namespace selvage::app
