// Shell scripts, by a lexer: commands with their words, what is piped where, variables, heredocs,
// and which of `set -euo pipefail` is in force. It knows quotes, expansions and nested commands of
// bash, and so much of the grammar as tells where a command begins. Options count in the order of
// the text, as if every line ran once. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stack/problem.hpp"

namespace selvage::stack {

struct ShellWord {
  std::string text;      // quotes gone; expansions as written: "$X", "$(date +%F)"
  bool quoted = false;   // some part of it stands in quotes
  bool expands = false;  // holds an expansion
  Span span;
};

struct ShellAssignment {
  std::string name;
  ShellWord value;  // its span is that of the value
  bool exported = false;
  Span span;
};

struct ShellRedirect {
  std::string op;    // "2>&", ">>", "<", "<<<"; with the number in front
  ShellWord target;  // of a heredoc: its delimiter
};

struct ShellVariable {
  std::string name;
  bool has_default = false;  // ${X:-..}, ${X-..}, ${X:=..}, ${X:+..}
  bool required = false;     // ${X:?..}
  Span span;
};

struct ShellHeredoc {
  std::string delimiter;
  bool expands = true;
  Span content;
};

struct ShellOptions {
  bool errexit = false;
  bool nounset = false;
  bool pipefail = false;
  bool xtrace = false;
};

enum class ShellEnd : std::uint8_t {
  sequence,    // ; or a line end
  pipe,        // | or |&
  and_then,    // &&
  or_else,     // ||
  background,  // &
};

struct ShellCommand {
  std::vector<ShellAssignment> assignments;  // in front of the words, or alone
  std::vector<ShellWord> words;
  std::vector<ShellRedirect> redirects;
  ShellEnd end = ShellEnd::sequence;
  bool from_pipe = false;  // reads what the command before it writes
  bool condition = false;  // decides an if, while or until, so errexit does not see it fail
  bool negated = false;
  bool closes = false;  // the end of a group with redirections or a pipe: "done", "fi", "}", ")"
  bool in_function = false;
  std::size_t depth = 0;  // of $(..), (..) and backquotes
  ShellOptions options;   // in force when it begins
  Span span;

  // The text of word i, empty when there is none.
  [[nodiscard]] std::string_view word(std::size_t i) const;
};

struct ShellScript {
  TextPtr text;
  std::string interpreter;             // of the first line: "bash", "sh"; empty without one
  std::vector<ShellCommand> commands;  // in the order of their ends
  std::vector<ShellVariable> variables;
  std::vector<ShellHeredoc> heredocs;
  std::vector<Span> comments;
  std::vector<std::string> assigned;  // sorted: by assignment, read, for, mapfile, getopts, :=
  ShellOptions options;               // at the end
  std::vector<Problem> problems;      // what is never closed; more than 20,000 commands

  [[nodiscard]] bool assigns(std::string_view name) const;
  // The files that `.` and `source` name.
  [[nodiscard]] std::vector<ShellWord> sourced() const;
};

[[nodiscard]] ShellScript parse_shell(TextPtr text);
// A part of another file that is shell, such as a RUN heredoc or a step of a workflow.
// REQUIRES: part.known(), and its text outlives the answer when `text` is not its owner.
[[nodiscard]] ShellScript parse_shell(TextPtr text, Span part);

}  // namespace selvage::stack
