#include <cstdio>

#include "app/command.hpp"

namespace selvage::app {

namespace {

Result<int> run(const Invocation&) {
  const auto commands = all_commands();
  std::fputs(bash_completion(commands).c_str(), stdout);
  return 0;
}

}  // namespace

Command completion_command() {
  return {.name = "completion",
          .summary = "Print the completion for bash.",
          .details =
              "Load it in this shell, or put the line into ~/.bashrc:\n"
              "  source <(selvage completion)",
          .run = run};
}

}  // namespace selvage::app
