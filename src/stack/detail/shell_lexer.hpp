// The lexer of shell words: quotes, expansions, nested commands.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stack/shell.hpp"

namespace selvage::stack::detail {

class ShellLexer {
 public:
  ShellLexer(ShellScript& script, Span part)
      : script_(script), bytes_(script.text->bytes().substr(0, part.end)), at_(part.begin) {}
  virtual ~ShellLexer() = default;

 protected:
  static constexpr std::size_t kMaxDepth = 24;

  // Lexes commands up to the ')' of a "$(" that was just read, and takes the ')'.
  virtual void nested_commands() = 0;
  virtual void nested_backquotes(std::size_t end) = 0;

  [[nodiscard]] Span span(std::size_t begin, std::size_t end) const {
    return span_in(*script_.text, begin, end);
  }
  void problem(std::size_t begin, std::size_t end, std::string message);
  [[nodiscard]] bool at_end() const { return at_ >= bytes_.size(); }
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < bytes_.size() ? bytes_[at_ + ahead] : '\0';
  }
  [[nodiscard]] bool looking_at(std::string_view text) const {
    return bytes_.substr(at_).starts_with(text);
  }

  struct PendingHeredoc {
    std::string delimiter;
    bool expands = true;
    bool strips_tabs = false;
    std::size_t begin = 0;
  };
  // Blanks and line ends behind a backslash.
  void skip_blanks();
  // The bodies of pending_, behind the line that announced them.
  void read_heredocs();
  // One word; empty, and nothing taken, when none begins here.
  ShellWord take_word();
  // Variables of a text that is expanded without being lexed: heredocs, arithmetic.
  void scan_variables(std::size_t begin, std::size_t end);

  ShellScript& script_;
  std::string_view bytes_;
  std::size_t at_;
  std::size_t depth_ = 0;
  std::vector<PendingHeredoc> pending_;

 private:
  void take_single_quoted(ShellWord& word);
  void take_double_quoted(ShellWord& word);
  void take_dollar(ShellWord& word);
  void take_braced();
  void take_arithmetic();
  void take_backquoted(ShellWord& word);
  void take_array(ShellWord& word);
  void skip_ansi_quoted();
  void add_variable(std::size_t begin, std::size_t name_begin, std::size_t name_end,
                    std::string_view operation, std::size_t end);
};

[[nodiscard]] bool is_shell_name_start(char c);
[[nodiscard]] bool is_shell_name(char c);

}  // namespace selvage::stack::detail
