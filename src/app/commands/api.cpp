#include "app/command.hpp"
#include "app/service.hpp"

namespace selvage::app {

namespace {

Result<int> run(const Invocation& invocation) {
  TRY(serve(TRY(load_settings(invocation)), {.api = true},
            [](Platform&, std::uint16_t) -> Result<void> { return {}; }));
  return 0;
}

}  // namespace

Command api_command() {
  return {.name = "api",
          .summary = "Serve the HTTP API and the console, without a worker.",
          .details = "Jobs are accepted and wait until a worker runs: selvage worker",
          .flags = {{"--port", "PORT", "port to listen on", "HTTP_PORT"},
                    {"--host", "ADDRESS", "address to listen on", "HTTP_HOST"}},
          .run = run};
}

}  // namespace selvage::app
