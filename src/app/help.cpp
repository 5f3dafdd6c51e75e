// Help and completion, both printed from the command table. Lines stay within 80 columns.
#include <algorithm>

#include "app/command.hpp"

namespace selvage::app {

namespace {

constexpr std::size_t kWidth = 80;

// `text` wrapped behind a column of width `indent`; the first line continues one that is already
// `used` long.
std::string wrapped(std::string_view text, std::size_t indent) {
  std::string out;
  std::size_t column = indent;
  bool first = true;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    at = end + 1;
    if (word.empty()) continue;
    if (!first && column + 1 + word.size() > kWidth) {
      out += '\n';
      out.append(indent, ' ');
      column = indent;
      first = true;
    }
    if (!first) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    first = false;
  }
  return out;
}

std::string row(std::string_view left, std::string_view doc, std::size_t column) {
  std::string line = fmt::format("  {:<{}}", left, column - 2);
  if (left.size() + 4 > column) line += fmt::format("\n{:<{}}", "", column);
  return line + wrapped(doc, column) + "\n";
}

std::string flag_text(const Flag& flag) {
  return flag.value_name.empty() ? std::string(flag.name)
                                 : fmt::format("{} {}", flag.name, flag.value_name);
}

}  // namespace

std::string help(std::span<const Command> commands) {
  std::string out =
      "Selvage takes AI workloads to production and keeps them there.\n\n"
      "Usage: selvage COMMAND [ACTION] [FLAGS]\n\nCommands:\n";
  for (const Command& command : commands) out += row(command.name, command.summary, 18);
  out += "\nFlags of every command:\n";
  for (const Flag& flag : common_flags()) out += row(flag_text(flag), flag.doc, 22);
  out +=
      "\nTo start the whole platform on this machine: selvage up\n"
      "More on a command: selvage COMMAND --help\n"
      "Exit codes: 0 fine, 1 findings or a failed check, 2 wrong usage,\n"
      "            3 the environment is not as needed.\n";
  return out;
}

std::string help(const Command& command) {
  std::string out =
      fmt::format("{}\n\nUsage: selvage {}{}{}{} [FLAGS]\n", wrapped(command.summary, 0),
                  command.name, command.actions.empty() ? "" : " ACTION",
                  command.arguments.empty() ? "" : " ", command.arguments);
  if (!command.details.empty()) {
    std::size_t at = 0;
    while (at <= command.details.size()) {
      const std::size_t end = std::min(command.details.find('\n', at), command.details.size());
      const std::string_view paragraph = command.details.substr(at, end - at);
      // an indented line is an example and keeps its shape
      out += "\n" + (paragraph.starts_with(' ') ? std::string(paragraph) : wrapped(paragraph, 0));
      at = end + 1;
    }
    out += "\n";
  }
  if (!command.actions.empty()) {
    out += "\nActions:\n";
    for (const Action& action : command.actions) {
      const std::string left = action.arguments.empty()
                                   ? std::string(action.name)
                                   : fmt::format("{} {}", action.name, action.arguments);
      out += row(left, action.doc, 22);
    }
  }
  out += "\nFlags:\n";
  for (const Flag& flag : command.flags) out += row(flag_text(flag), flag.doc, 26);
  for (const Flag& flag : common_flags()) out += row(flag_text(flag), flag.doc, 26);
  return out;
}

std::string bash_completion(std::span<const Command> commands) {
  std::string names;
  std::string cases;
  for (const Command& command : commands) {
    names += fmt::format("{} ", command.name);
    std::string actions;
    for (const Action& action : command.actions) actions += fmt::format("{} ", action.name);
    std::string flags;
    for (const Flag& flag : command.flags) flags += fmt::format("{} ", flag.name);
    for (const Flag& flag : common_flags()) flags += fmt::format("{} ", flag.name);
    cases += fmt::format("    {}) actions=\"{}\" flags=\"{}\" ;;\n", command.name, actions, flags);
  }
  return fmt::format(R"(# bash completion for selvage; load it with: source <(selvage completion)
_selvage() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} actions= flags=
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{}--help --version" -- "$current"))
    return
  fi
  case ${{COMP_WORDS[1]}} in
{}  esac
  case ${{COMP_WORDS[COMP_CWORD-1]}} in
    --env-file|--data|--file) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  if [ "$COMP_CWORD" -eq 2 ] && [ -n "$actions" ] && [[ $current != -* ]]; then
    COMPREPLY=($(compgen -W "$actions" -- "$current"))
  else
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  fi
}}
complete -F _selvage selvage
)",
                     names, cases);
}

}  // namespace selvage::app
