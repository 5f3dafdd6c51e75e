#include "app/command.hpp"
#include "app/service.hpp"

namespace selvage::app {

namespace {

Result<int> run(const Invocation& invocation) {
  TRY(serve(TRY(load_settings(invocation)), {.worker = true},
            [](Platform&, std::uint16_t) -> Result<void> { return {}; }));
  return 0;
}

}  // namespace

Command worker_command() {
  return {.name = "worker",
          .summary = "Take tasks from the queue and run them.",
          .details =
              "SIGTERM stops taking, lets running jobs finish within DRAIN_GRACE, and hands "
              "the rest back. A second signal hands back at once. Several workers may run "
              "beside each other.",
          .flags = {{"--concurrency", "N", "jobs run at once", "WORKER_CONCURRENCY"},
                    {"--provider", "NAME", "local or openai", "PROVIDER"}},
          .run = run};
}

}  // namespace selvage::app
