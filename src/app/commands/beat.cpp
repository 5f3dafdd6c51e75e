#include "app/command.hpp"
#include "app/service.hpp"

namespace selvage::app {

namespace {

Result<int> run(const Invocation& invocation) {
  TRY(serve(TRY(load_settings(invocation)), {.beat = true},
            [](Platform&, std::uint16_t) -> Result<void> { return {}; }));
  return 0;
}

}  // namespace

Command beat_command() {
  return {.name = "beat",
          .summary = "Fire the schedules: tasks at crontab times and intervals.",
          .details =
              "Start as many as you like: one leads, the others take over when it falls silent, "
              "and no time is fired twice or lost. `selvage up` has one in it. Entries come from "
              "SCHEDULE_FILE and from: selvage schedule add",
          .flags = {{"--file", "FILE", "JSON file of schedules", "SCHEDULE_FILE"}},
          .run = run};
}

}  // namespace selvage::app
