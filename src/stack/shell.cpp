#include "stack/shell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "stack/detail/shell_effects.hpp"
#include "stack/detail/shell_lexer.hpp"

namespace selvage::stack {

namespace {

constexpr std::size_t kMaxCommands = 20'000;
constexpr std::array<std::string_view, 9> kOpeners = {"if",    "then", "elif", "else", "while",
                                                      "until", "do",   "{",    "time"};

class Parser : public detail::ShellLexer {
 public:
  using ShellLexer::ShellLexer;

  void run() { commands('\0'); }

 private:
  struct Level {  // one list of commands: a script, $( ), backquotes
    char closer = '\0';
    std::vector<char> groups;       // '(' '{' and 'f' for the braces of a function
    std::vector<bool> case_labels;  // of each open case: whether a label comes next
    bool condition = false;
    bool function_next = false;
    bool negated = false;
    bool from_pipe = false;
    ShellCommand command;
  };

  void nested_commands() override {
    if (depth_ >= kMaxDepth) {
      problem(at_, at_, "commands are nested too deep to be read on");
      at_ = bytes_.size();
      return;
    }
    ++depth_;
    commands(')');
    --depth_;
  }

  void nested_backquotes(std::size_t end) override {
    if (depth_ >= kMaxDepth) return;
    const std::string_view whole = bytes_;
    bytes_ = bytes_.substr(0, end);
    ++depth_;
    commands('\0');
    --depth_;
    bytes_ = whole;
  }

  void commands(char closer) {
    Level level;
    level.closer = closer;
    const std::size_t opened_at = at_;
    for (;;) {
      skip_blanks();
      if (at_end()) break;
      if (peek() == '#') {
        comment();
      } else if (peek() == ')' && level.groups.empty() && !label_next(level) && closer == ')') {
        finish(level, ShellEnd::sequence);
        ++at_;
        return;
      } else if (!take_operator(level)) {
        take_part(level);
      }
    }
    finish(level, ShellEnd::sequence);
    if (closer == ')') problem(opened_at, opened_at, "a \"$(\" is never closed");
  }

  void comment() {
    const std::size_t begin = at_;
    at_ = std::min(bytes_.find('\n', at_), bytes_.size());
    script_.comments.push_back(span(begin, at_));
  }

  static bool label_next(const Level& level) {
    return !level.case_labels.empty() && level.case_labels.back();
  }
  static bool is_empty(const ShellCommand& command) {
    return command.words.empty() && command.assignments.empty() && command.redirects.empty();
  }
  static bool in_test(const ShellCommand& command) {
    return command.word(0) == "[[" && command.words.back().text != "]]";
  }

  // Operators and line ends; false when a word begins here.
  bool take_operator(Level& level) {
    if (in_test(level.command) && peek() != '\n' && std::string_view("|&()<>").contains(peek())) {
      const std::size_t begin = at_;
      while (!at_end() && std::string_view("|&()<>").contains(peek())) ++at_;
      ShellWord word;
      word.text = bytes_.substr(begin, at_ - begin);
      word.span = span(begin, at_);
      level.command.words.push_back(std::move(word));
      return true;
    }
    switch (peek()) {
      case '\n':
        ++at_;
        finish(level, ShellEnd::sequence);
        read_heredocs();
        return true;
      case ';':
        semicolon(level);
        return true;
      case '|':
        pipe(level);
        return true;
      case '&':
        return ampersand(level);
      case '(':
        open_parenthesis(level);
        return true;
      case ')':
        close_parenthesis(level);
        return true;
      default:
        return false;
    }
  }

  void semicolon(Level& level) {
    ++at_;
    finish(level, ShellEnd::sequence);
    if (peek() != ';' && peek() != '&') return;
    while (peek() == ';' || peek() == '&') ++at_;
    if (!level.case_labels.empty()) level.case_labels.back() = true;
  }

  void pipe(Level& level) {
    ++at_;
    if (label_next(level)) return;  // "a|b)"
    if (peek() == '|') {
      ++at_;
      return finish(level, ShellEnd::or_else);
    }
    if (peek() == '&') ++at_;
    finish(level, ShellEnd::pipe);
  }

  bool ampersand(Level& level) {
    if (looking_at("&>")) return false;  // a redirection
    ++at_;
    if (peek() == '&') {
      ++at_;
      finish(level, ShellEnd::and_then);
    } else {
      finish(level, ShellEnd::background);
    }
    return true;
  }

  void open_parenthesis(Level& level) {
    if (label_next(level)) {
      ++at_;
    } else if (level.command.words.size() == 1 && looking_at("()")) {
      at_ += 2;  // NAME()
      level.command = {};
      level.function_next = true;
    } else if (is_empty(level.command) && looking_at("((")) {
      skip_arithmetic_command();
    } else {
      ++at_;
      finish(level, ShellEnd::sequence);
      level.groups.push_back('(');
      ++depth_;
    }
  }

  void skip_arithmetic_command() {
    const std::size_t begin = at_;
    std::size_t open = 0;
    do {
      if (peek() == '(') ++open;
      if (peek() == ')') --open;
      ++at_;
    } while (!at_end() && open > 0);
    scan_variables(begin, at_);
  }

  void close_parenthesis(Level& level) {
    ++at_;
    if (label_next(level)) {
      level.case_labels.back() = false;
      level.command = {};
      return;
    }
    finish(level, ShellEnd::sequence);
    if (!level.groups.empty() && level.groups.back() == '(') {
      level.groups.pop_back();
      --depth_;
      close_group(level, ")", at_ - 1);
    }
  }

  // A group's end is a command of its own when redirections or a pipe follow.
  void close_group(Level& level, std::string_view word, std::size_t begin) {
    skip_blanks();
    const bool goes_on = !at_end() && (peek() == '|' || peek() == '<' || peek() == '>' ||
                                       looking_at("&>") || looking_at("&&") || is_digit(peek()));
    if (!goes_on) return;
    ShellWord closing;
    closing.text = word;
    closing.span = span(begin, begin + word.size());
    level.command.words.push_back(std::move(closing));
    level.command.closes = true;
  }

  bool take_redirect(Level& level) {
    std::size_t length = 0;
    while (is_digit(peek(length))) ++length;
    const std::size_t digits = length;
    static constexpr std::string_view kOperators[] = {"&>>", "&>", "<<<", "<<-", "<<", "<>",
                                                      ">>",  ">&", ">|",  "<&",  ">",  "<"};
    const std::string_view rest = bytes_.substr(at_ + digits);
    const auto op = std::ranges::find_if(
        kOperators, [&](std::string_view candidate) { return rest.starts_with(candidate); });
    if (op == std::end(kOperators)) return false;
    const bool substitutes = (*op == "<" || *op == ">") && rest.size() > 1 && rest[1] == '(';
    if (substitutes && digits == 0) return false;
    ShellRedirect redirect;
    redirect.op = bytes_.substr(at_, digits + op->size());
    const std::size_t begin = at_;
    at_ += digits + op->size();
    skip_blanks();
    redirect.target = take_word();
    if (*op == "<<" || *op == "<<-") {
      if (redirect.target.text.empty()) {
        problem(begin, at_, "a heredoc has no delimiter");
      } else {
        pending_.push_back({redirect.target.text, !redirect.target.quoted, *op == "<<-", begin});
      }
    }
    if (level.command.span.file == nullptr) level.command.span = span(begin, at_);
    level.command.redirects.push_back(std::move(redirect));
    return true;
  }

  void take_part(Level& level) {
    if (label_next(level)) return take_label(level);
    if (take_redirect(level)) return;
    const std::size_t begin = at_;
    ShellWord word = take_word();
    if (at_ == begin) {  // nothing that a word can hold; skip it
      ++at_;
      return;
    }
    if (level.command.words.empty() && !word.quoted && reserved(level, word)) return;
    if (level.command.span.file == nullptr) level.command.span = word.span;
    if (level.command.words.empty() &&
        detail::take_assignment(script_, level.command.assignments, word, false)) {
      return;
    }
    level.command.words.push_back(std::move(word));
    after_word(level);
  }

  void take_label(Level& level) {
    const std::size_t begin = at_;
    const ShellWord word = take_word();
    if (word.text == "esac" && !word.quoted) {
      level.case_labels.pop_back();
      close_group(level, "esac", begin);
    } else if (at_ == begin) {
      ++at_;
    }
  }

  // Words that only structure a script begin no command.
  bool reserved(Level& level, const ShellWord& word) {
    const std::string& text = word.text;
    if (std::ranges::find(kOpeners, text) != kOpeners.end()) {
      level.condition = text == "if" || text == "elif" || text == "while" || text == "until" ||
                        (level.condition && (text == "{" || text == "time"));
      if (text == "{") {
        level.groups.push_back(level.function_next ? 'f' : '{');
        level.function_next = false;
      }
      return true;
    }
    if (text == "!") {
      level.negated = true;
      return true;
    }
    if (text == "}" && !level.groups.empty() && level.groups.back() != '(') level.groups.pop_back();
    if (text == "esac" && !level.case_labels.empty()) level.case_labels.pop_back();
    if (text == "}" || text == "fi" || text == "done" || text == "esac") {
      close_group(level, text, word.span.begin);
      return true;
    }
    return false;
  }

  void after_word(Level& level) {
    const ShellCommand& command = level.command;
    const std::size_t count = command.words.size();
    if (command.word(0) == "case" && count == 3 && command.word(2) == "in") {
      finish(level, ShellEnd::sequence);
      level.case_labels.push_back(true);
    }
    if (command.word(0) == "function" && count == 2) {
      level.command = {};
      level.function_next = true;
      skip_blanks();
      if (looking_at("()")) at_ += 2;
    }
  }

  void finish(Level& level, ShellEnd end) {
    ShellCommand command = std::exchange(level.command, {});
    const bool empty = is_empty(command);
    if (!empty) {
      command.end = end;
      command.from_pipe = level.from_pipe;
      command.condition = level.condition;
      command.negated = level.negated;
      command.in_function = std::ranges::find(level.groups, 'f') != level.groups.end();
      command.depth = depth_;
      command.options = script_.options;
      command.span = span(command.span.begin, last_byte(command));
      detail::note_effects(script_, command);
      if (script_.commands.size() < kMaxCommands) {
        script_.commands.push_back(std::move(command));
      } else {
        problem(at_, at_, fmt::format("only the first {} commands are read", kMaxCommands));
        at_ = bytes_.size();
      }
    }
    // a pipe at the end of a line goes on behind it
    if (!empty || end != ShellEnd::sequence) level.from_pipe = end == ShellEnd::pipe;
    if (!empty) level.negated = false;
  }

  static std::size_t last_byte(const ShellCommand& command) {
    std::size_t end = command.span.begin;
    if (!command.words.empty()) end = std::max<std::size_t>(end, command.words.back().span.end);
    if (!command.assignments.empty()) {
      end = std::max<std::size_t>(end, command.assignments.back().span.end);
    }
    if (!command.redirects.empty()) {
      end = std::max<std::size_t>(end, command.redirects.back().target.span.end);
    }
    return end;
  }
};

}  // namespace

std::string_view ShellCommand::word(std::size_t i) const {
  return i < words.size() ? std::string_view(words[i].text) : std::string_view();
}

bool ShellScript::assigns(std::string_view name) const {
  return std::ranges::binary_search(assigned, name);
}

std::vector<ShellWord> ShellScript::sourced() const {
  std::vector<ShellWord> files;
  for (const ShellCommand& command : commands) {
    const std::string_view name = command.word(0);
    if ((name == "." || name == "source") && command.words.size() > 1) {
      files.push_back(command.words[1]);
    }
  }
  return files;
}

ShellScript parse_shell(TextPtr text) {
  const Span whole = span_in(*text, 0, text->bytes().size());
  return parse_shell(std::move(text), whole);
}

ShellScript parse_shell(TextPtr text, Span part) {
  ShellScript script;
  script.text = std::move(text);
  detail::read_first_line(script, part.bytes().substr(0, part.bytes().find('\n')));
  Parser(script, part).run();
  std::ranges::sort(script.assigned);
  const auto repeated = std::ranges::unique(script.assigned);
  script.assigned.erase(repeated.begin(), repeated.end());
  return script;
}

}  // namespace selvage::stack
