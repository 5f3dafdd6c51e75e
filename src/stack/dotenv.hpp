// .env files exactly as Docker Compose v2 reads them, which is neither the shell's way nor any
// other library's: "A=b #c" has a comment and "A=b#c" has none, "A= #c" has the value "#c", "A: b"
// is an assignment, text behind a closing quote begins the next one. Any thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stack/problem.hpp"

namespace selvage::stack {

enum class EnvQuotes : std::uint8_t { none, single_quotes, double_quotes };

struct EnvAssignment {
  std::string name;
  // Quotes and escapes resolved, ${} not. In double quotes "\$" has become "$$".
  std::string raw;
  EnvQuotes quotes = EnvQuotes::none;
  bool inherited = false;  // a name alone on its line: the environment gives the value, if any
  bool exported = false;
  bool stray = false;  // begins behind another value's closing quote; may be a piece of a secret
  Span name_span;
  Span value_span;  // quotes included; empty for no value
  Span comment;     // behind the value on its line, with its '#'; may be unknown

  [[nodiscard]] bool interpolates() const { return quotes != EnvQuotes::single_quotes; }
};

struct EnvProblem {
  Span span;
  std::string message;
  bool fatal = false;  // Compose refuses the whole file; else it reads it, maybe not as was meant
};

struct EnvFile {
  TextPtr text;                            // keeps the spans alive
  std::vector<EnvAssignment> assignments;  // in the order of the file; of one name the last counts
  std::vector<EnvProblem> problems;        // at most kMaxProblems
  std::size_t read_to = 0;  // what is behind, a name without '=' and line end, Compose ignores

  // Whether Compose takes the file.
  [[nodiscard]] bool accepted() const;
  // The assignment of `name` that counts, nullptr when there is none.
  [[nodiscard]] const EnvAssignment* find(std::string_view name) const;
};

// After what Compose would refuse it goes on with the next line.
[[nodiscard]] EnvFile parse_dotenv(TextPtr text);

// How `value` is written behind "NAME=" so that it is read back as it is: bare when that is safe,
// else quoted. Holds for every value without NUL.
[[nodiscard]] std::string dotenv_quoted(std::string_view value);

// The bytes of `file` with `value` for `name`: every assignment of it is changed where it stands,
// and all else, comments, order and line ends, stays. A name that is not there is added at the end.
// REQUIRES: file.accepted(), an identifier as name, no NUL in value.
[[nodiscard]] std::string with_value(const EnvFile& file, std::string_view name,
                                     std::string_view value);

}  // namespace selvage::stack
