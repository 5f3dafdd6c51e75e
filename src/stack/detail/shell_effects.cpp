#include "stack/detail/shell_effects.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "stack/detail/shell_lexer.hpp"

namespace selvage::stack::detail {

namespace {

void set_named_option(ShellOptions& options, std::string_view name, bool on) {
  if (name == "errexit") options.errexit = on;
  if (name == "nounset") options.nounset = on;
  if (name == "pipefail") options.pipefail = on;
  if (name == "xtrace") options.xtrace = on;
}

void set_options(ShellOptions& options, const ShellCommand& command) {
  for (std::size_t i = 1; i < command.words.size(); ++i) {
    const std::string_view word = command.word(i);
    if (word.size() < 2 || word == "--" || (word[0] != '-' && word[0] != '+')) return;
    const bool on = word[0] == '-';
    for (const char c : word.substr(1)) {
      if (c == 'e') options.errexit = on;
      if (c == 'u') options.nounset = on;
      if (c == 'x') options.xtrace = on;
      if (c == 'o') set_named_option(options, command.word(++i), on);
    }
  }
}

}  // namespace

bool take_assignment(ShellScript& script, std::vector<ShellAssignment>& assignments,
                     const ShellWord& word, bool exported) {
  const std::string_view bytes = word.span.bytes();
  std::size_t end = 0;
  while (end < bytes.size() && is_shell_name(bytes[end])) ++end;
  if (end == 0 || !is_shell_name_start(bytes[0])) return false;
  std::size_t equals = end;
  if (equals < bytes.size() && bytes[equals] == '[') {
    equals = std::min(bytes.find(']', equals), bytes.size() - 1) + 1;
  }
  if (equals < bytes.size() && bytes[equals] == '+') ++equals;
  if (equals >= bytes.size() || bytes[equals] != '=') return false;
  ShellAssignment next;
  next.name = bytes.substr(0, end);
  next.exported = exported;
  next.span = word.span;
  next.value = word;
  next.value.text = word.text.substr(std::min(word.text.find('='), word.text.size() - 1) + 1);
  next.value.span = span_in(*script.text, word.span.begin + equals + 1, word.span.end);
  script.assigned.push_back(next.name);
  assignments.push_back(std::move(next));
  return true;
}

void note_effects(ShellScript& script, ShellCommand& command) {
  const std::string_view name = command.word(0);
  if (name == "set") return set_options(script.options, command);
  const bool exports = name == "export";
  if (exports || name == "local" || name == "declare" || name == "readonly" || name == "typeset") {
    for (std::size_t i = 1; i < command.words.size(); ++i) {
      take_assignment(script, command.assignments, command.words[i], exports);
    }
  } else if (name == "read" || name == "mapfile" || name == "readarray" || name == "getopts") {
    for (std::size_t i = 1; i < command.words.size(); ++i) {
      if (!command.word(i).starts_with('-')) script.assigned.emplace_back(command.word(i));
    }
  } else if ((name == "for" || name == "select") && command.words.size() > 1) {
    script.assigned.emplace_back(command.word(1));
  } else if (name == "printf" && command.word(1) == "-v") {
    script.assigned.emplace_back(command.word(2));
  }
}

void read_first_line(ShellScript& script, std::string_view line) {
  if (!line.starts_with("#!")) return;
  std::vector<std::string_view> words;
  for (const std::string_view word : split(trim(line.substr(2)), ' ')) {
    if (!word.empty()) words.push_back(word);
  }
  const auto base = [](std::string_view path) { return path.substr(path.rfind('/') + 1); };
  std::size_t i = 0;
  if (i < words.size() && base(words[i]) == "env") {
    for (++i; i < words.size() && words[i].starts_with('-');) ++i;
  }
  if (i >= words.size()) return;
  script.interpreter = base(words[i]);
  for (++i; i < words.size(); ++i) {
    if (!words[i].starts_with('-')) continue;
    script.options.errexit |= words[i].contains('e');
    script.options.nounset |= words[i].contains('u');
    script.options.xtrace |= words[i].contains('x');
  }
}

}  // namespace selvage::stack::detail
