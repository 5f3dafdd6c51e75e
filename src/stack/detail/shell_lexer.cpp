#include "stack/detail/shell_lexer.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/text.hpp"

namespace selvage::stack::detail {

namespace {
constexpr std::size_t kMaxBraced = 4096;  // of a reference in a text that is not lexed
}

bool is_shell_name_start(char c) {
  return c == '_' || (to_lower_ascii(c) >= 'a' && to_lower_ascii(c) <= 'z');
}
bool is_shell_name(char c) { return is_shell_name_start(c) || is_digit(c); }

void ShellLexer::problem(std::size_t begin, std::size_t end, std::string message) {
  add_problem(script_.problems, span(begin, end), std::move(message));
}

void ShellLexer::skip_blanks() {
  while (!at_end()) {
    if (peek() == ' ' || peek() == '\t' || peek() == '\r') {
      ++at_;
    } else if (looking_at("\\\n")) {
      at_ += 2;
    } else if (looking_at("\\\r\n")) {
      at_ += 3;
    } else {
      return;
    }
  }
}

void ShellLexer::read_heredocs() {
  for (PendingHeredoc& heredoc : std::exchange(pending_, {})) {
    const std::size_t begin = at_;
    for (bool closed = false; !closed;) {
      if (at_end()) {
        problem(heredoc.begin, heredoc.begin + 2,
                fmt::format("the heredoc {} is never closed", in_quotes(heredoc.delimiter, 40)));
        return;
      }
      const std::size_t end = std::min(bytes_.find('\n', at_), bytes_.size());
      std::string_view line = bytes_.substr(at_, end - at_);
      if (line.ends_with('\r')) line.remove_suffix(1);
      while (heredoc.strips_tabs && line.starts_with('\t')) line.remove_prefix(1);
      closed = line == heredoc.delimiter;
      if (closed) {
        script_.heredocs.push_back({heredoc.delimiter, heredoc.expands, span(begin, at_)});
        if (heredoc.expands) scan_variables(begin, at_);
      }
      at_ = std::min(end + 1, bytes_.size());
    }
  }
}

ShellWord ShellLexer::take_word() {
  ShellWord word;
  const std::size_t begin = at_;
  while (!at_end()) {
    const char c = peek();
    if ((c == '<' || c == '>') && peek(1) == '(') {  // process substitution
      const std::size_t from = at_;
      at_ += 2;
      nested_commands();
      word.text += bytes_.substr(from, at_ - from);
      word.expands = true;
    } else if (c == '(' && at_ > begin && bytes_[at_ - 1] == '=') {
      take_array(word);
    } else if (std::string_view(" \t\r\n|&;()<>").contains(c)) {
      break;
    } else if (c == '\\') {
      if (peek(1) == '\r' && at_ + 2 < bytes_.size() && bytes_[at_ + 2] == '\n') ++at_;
      if (peek(1) != '\n' && at_ + 1 < bytes_.size()) word.text += peek(1);
      word.quoted = true;
      at_ = std::min(at_ + 2, bytes_.size());
    } else if (c == '\'') {
      take_single_quoted(word);
    } else if (c == '"') {
      take_double_quoted(word);
    } else if (c == '$') {
      take_dollar(word);
    } else if (c == '`') {
      take_backquoted(word);
    } else {
      word.text += c;
      ++at_;
    }
  }
  word.span = span(begin, at_);
  return word;
}

void ShellLexer::take_single_quoted(ShellWord& word) {
  const std::size_t begin = at_++;
  const std::size_t end = bytes_.find('\'', at_);
  word.quoted = true;
  if (end == std::string_view::npos) {
    problem(begin, begin + 1, "a single quote is never closed");
    at_ = bytes_.size();
    return;
  }
  word.text += bytes_.substr(at_, end - at_);
  at_ = end + 1;
}

void ShellLexer::take_double_quoted(ShellWord& word) {
  const std::size_t begin = at_++;
  word.quoted = true;
  while (!at_end() && peek() != '"') {
    const char c = peek();
    if (c == '\\' && at_ + 1 < bytes_.size()) {
      const char next = peek(1);
      if (!std::string_view("$`\"\\\n").contains(next)) word.text += c;
      if (next != '\n') word.text += next;
      at_ += 2;
    } else if (c == '$') {
      take_dollar(word);
    } else if (c == '`') {
      take_backquoted(word);
    } else {
      word.text += c;
      ++at_;
    }
  }
  if (at_end()) {
    problem(begin, begin + 1, "a double quote is never closed");
  } else {
    ++at_;
  }
}

void ShellLexer::take_dollar(ShellWord& word) {
  const std::size_t begin = at_;
  ++at_;
  const char c = peek();
  if (c == '(' && peek(1) == '(') {
    take_arithmetic();
  } else if (c == '(') {
    ++at_;
    nested_commands();
  } else if (c == '{') {
    take_braced();
  } else if (c == '\'') {
    skip_ansi_quoted();
    word.quoted = true;
  } else if (is_shell_name_start(c)) {
    const std::size_t name = at_;
    while (is_shell_name(peek())) ++at_;
    add_variable(begin, name, at_, "", at_);
  } else if (is_digit(c) || (c != '\0' && std::string_view("@*#?$!-").contains(c))) {
    ++at_;
  } else {
    word.text += '$';
    return;
  }
  word.expands = true;
  word.text += bytes_.substr(begin, at_ - begin);
}

// At the '{'. The name and its operator are looked at; what follows may hold anything.
void ShellLexer::take_braced() {
  const std::size_t begin = at_ - 1;
  ++at_;
  if (peek() == '!' || (peek() == '#' && peek(1) != '}')) ++at_;
  const std::size_t name = at_;
  while (is_shell_name(peek())) ++at_;
  const std::size_t name_end = at_;
  const std::string_view operation = bytes_.substr(at_, 2);
  if (depth_ >= kMaxDepth) {
    problem(begin, at_, "expansions are nested too deep to be read on");
    at_ = bytes_.size();
    return;
  }
  ++depth_;
  ShellWord inner;
  while (!at_end() && peek() != '}') {
    switch (peek()) {
      case '\\':
        at_ = std::min(at_ + 2, bytes_.size());
        break;
      case '\'':
        take_single_quoted(inner);
        break;
      case '"':
        take_double_quoted(inner);
        break;
      case '$':
        take_dollar(inner);
        break;
      case '`':
        take_backquoted(inner);
        break;
      default:
        ++at_;
    }
  }
  --depth_;
  if (at_end()) {
    problem(begin, begin + 2, "a \"${\" is never closed");
  } else {
    ++at_;
  }
  if (name_end > name && is_shell_name_start(bytes_[name])) {
    add_variable(begin, name, name_end, operation, at_);
  }
}

void ShellLexer::add_variable(std::size_t begin, std::size_t name_begin, std::size_t name_end,
                              std::string_view operation, std::size_t end) {
  ShellVariable variable;
  variable.name = bytes_.substr(name_begin, name_end - name_begin);
  if (operation.starts_with(':')) operation.remove_prefix(1);
  const char sign = operation.empty() ? '\0' : operation[0];
  variable.has_default = sign == '-' || sign == '=' || sign == '+';
  variable.required = sign == '?';
  if (sign == '=') script_.assigned.push_back(variable.name);
  variable.span = span(begin, end);
  script_.variables.push_back(std::move(variable));
}

// At the first '(' of "$((".
void ShellLexer::take_arithmetic() {
  const std::size_t begin = at_ - 1;
  std::size_t open = 0;
  while (!at_end()) {
    const char c = peek();
    ++at_;
    if (c == '(') ++open;
    if (c == ')' && --open == 0) break;
  }
  if (open != 0) problem(begin, begin + 3, "a \"$((\" is never closed");
  scan_variables(begin + 1, at_);
}

void ShellLexer::take_backquoted(ShellWord& word) {
  const std::size_t begin = at_++;
  std::size_t end = at_;
  while (end < bytes_.size() && bytes_[end] != '`') end += bytes_[end] == '\\' ? 2 : 1;
  if (end >= bytes_.size()) {
    problem(begin, begin + 1, "a backquote is never closed");
    at_ = bytes_.size();
    return;
  }
  nested_backquotes(end);
  at_ = end + 1;
  word.expands = true;
  word.text += bytes_.substr(begin, at_ - begin);
}

// At the '(' of NAME=( ... ).
void ShellLexer::take_array(ShellWord& word) {
  const std::size_t begin = at_++;
  if (depth_ >= kMaxDepth) {
    problem(begin, at_, "arrays are nested too deep to be read on");
    at_ = bytes_.size();
    return;
  }
  ++depth_;
  while (!at_end() && peek() != ')') {
    if (peek() == '#') {
      at_ = std::min(bytes_.find('\n', at_), bytes_.size());
    } else if (const std::size_t before = at_; take_word().span.end == before) {
      ++at_;
    }
  }
  --depth_;
  if (at_end()) {
    problem(begin, begin + 1, "the '(' of an array is never closed");
  } else {
    ++at_;
  }
  word.text += bytes_.substr(begin, at_ - begin);
}

// At the quote of $'...'.
void ShellLexer::skip_ansi_quoted() {
  const std::size_t begin = at_++;
  while (!at_end() && peek() != '\'') at_ = std::min(at_ + (peek() == '\\' ? 2 : 1), bytes_.size());
  if (at_end()) {
    problem(begin, begin + 1, "a $' quote is never closed");
  } else {
    ++at_;
  }
}

void ShellLexer::scan_variables(std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) {
    if (bytes_[i] == '\\') {
      ++i;
      continue;
    }
    if (bytes_[i] != '$') continue;
    const bool braced = i + 1 < end && bytes_[i + 1] == '{';
    const std::size_t name = i + (braced ? 2 : 1);
    std::size_t name_end = name;
    while (name_end < end && is_shell_name(bytes_[name_end])) ++name_end;
    if (name_end == name || !is_shell_name_start(bytes_[name])) continue;
    std::size_t use_end = name_end;
    if (braced) {
      const auto close = bytes_.substr(name_end, kMaxBraced).find('}');
      use_end = std::min(close == std::string_view::npos ? name_end : name_end + close + 1, end);
    }
    const std::string_view operation = braced ? bytes_.substr(name_end, 2) : std::string_view();
    add_variable(i, name, name_end, operation, std::max(use_end, name_end));
    i = name_end - 1;
  }
}

}  // namespace selvage::stack::detail
