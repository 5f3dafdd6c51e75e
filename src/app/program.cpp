#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "app/closest_word.hpp"
#include "app/command.hpp"

namespace selvage::app {

namespace {

int report(const Error& error) {
  const bool colour = isatty(STDERR_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  std::fprintf(stderr, "%serror:%s %s\n", colour ? "\033[1;31m" : "", colour ? "\033[0m" : "",
               error.describe().c_str());
  if (!error.hint.empty()) {
    std::fprintf(stderr, "%shint:%s %s\n", colour ? "\033[1;36m" : "", colour ? "\033[0m" : "",
                 error.hint.c_str());
  }
  return exit_code(error.kind);
}

Error unknown_command(std::string_view word, std::span<const Command> commands) {
  std::vector<std::string_view> known;
  for (const Command& command : commands) known.push_back(command.name);
  auto closest = closest_word(word, known);
  return {ErrorKind::invalid, "usage.command", fmt::format("there is no command \"{}\"", word),
          closest ? fmt::format("did you mean: selvage {}?", *closest)
                  : "see all commands: selvage --help",
          nullptr};
}

}  // namespace

int run_program(std::span<const std::string> words) {
  const std::vector<Command> commands = all_commands();
  if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    if (words.size() > 1) {
      for (const Command& command : commands) {
        if (command.name == words[1]) {
          std::fputs(help(command).c_str(), stdout);
          return 0;
        }
      }
      return report(unknown_command(words[1], commands));
    }
    std::fputs(help(commands).c_str(), words.empty() ? stderr : stdout);
    return words.empty() ? 2 : 0;
  }
  const std::string_view word = words[0] == "--version" ? "version" : std::string_view(words[0]);
  for (const Command& command : commands) {
    if (command.name != word) continue;
    auto invocation = parse_arguments(command, words.subspan(1));
    if (!invocation) return report(invocation.error());
    if (invocation->has("--help")) {
      std::fputs(help(command).c_str(), stdout);
      return 0;
    }
    auto code = command.run(*invocation);
    return code ? *code : report(code.error());
  }
  return report(unknown_command(word, commands));
}

}  // namespace selvage::app
