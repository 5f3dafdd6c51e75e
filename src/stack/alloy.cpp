#include "stack/alloy.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace selvage::stack {

namespace {

constexpr std::size_t kMaxDepth = 32;

bool is_identifier_start(char c) {
  return c == '_' || (to_lower_ascii(c) >= 'a' && to_lower_ascii(c) <= 'z');
}
bool is_identifier(char c) { return is_identifier_start(c) || is_digit(c); }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Walks over bytes; what it skips as one is what no structure is looked for in.
class Scanner {
 public:
  Scanner(std::string_view bytes, std::size_t at) : bytes_(bytes), at_(at) {}

  [[nodiscard]] bool at_end() const { return at_ >= bytes_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : bytes_[at_]; }
  [[nodiscard]] std::size_t at() const { return at_; }
  void advance(std::size_t count = 1) { at_ = std::min(at_ + count, bytes_.size()); }

  bool skip_comment() {
    const std::string_view rest = bytes_.substr(at_);
    if (rest.starts_with("//")) {
      at_ = std::min(bytes_.find('\n', at_), bytes_.size());
    } else if (rest.starts_with("/*")) {
      const auto end = bytes_.find("*/", at_ + 2);
      at_ = end == std::string_view::npos ? bytes_.size() : end + 2;
    } else {
      return false;
    }
    return true;
  }

  void skip_space(bool lines) {
    while (!at_end()) {
      if (peek() == '\n' && !lines) return;
      if (is_space(peek())) {
        advance();
      } else if (!skip_comment()) {
        return;
      }
    }
  }

  // At its opening quote; false when it is not closed, and then only the quote is taken.
  bool skip_string() {
    const std::size_t begin = at_;
    const char quote = peek();
    for (advance(); !at_end(); advance()) {
      if (quote == '"' && peek() == '\n') break;
      if (quote == '"' && peek() == '\\') {
        advance();
      } else if (peek() == quote) {
        advance();
        return true;
      }
    }
    at_ = begin + 1;
    return false;
  }

  std::string_view take_identifier() {
    const std::size_t begin = at_;
    if (is_identifier_start(peek())) {
      while (is_identifier(peek())) advance();
    }
    return bytes_.substr(begin, at_ - begin);
  }

  // An expression ends with its line, or where a bracket closes that it did not open.
  // Gives the place behind its last character.
  std::size_t skip_expression(bool commas_end) {
    std::size_t open = 0;
    std::size_t end = at_;
    while (!at_end()) {
      const char c = peek();
      if (open == 0 && (c == '\n' || (commas_end && c == ','))) break;
      if (skip_comment()) continue;
      if (c == '"' || c == '`') {
        skip_string();
        end = at_;
        continue;
      }
      if (c == '{' || c == '[' || c == '(') ++open;
      if (c == '}' || c == ']' || c == ')') {
        if (open == 0) break;
        --open;
      }
      advance();
      if (!is_space(c)) end = at_;
    }
    return end;
  }

 private:
  std::string_view bytes_;
  std::size_t at_;
};

std::string without_escapes(std::string_view quoted) {
  const bool raw = quoted[0] == '`';
  quoted = quoted.substr(1, quoted.size() - 2);
  if (raw) return std::string(quoted);
  std::string out;
  for (std::size_t i = 0; i < quoted.size(); ++i) {
    if (quoted[i] != '\\' || i + 1 == quoted.size()) {
      out += quoted[i];
      continue;
    }
    const char c = quoted[++i];
    switch (c) {
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case 'r':
        out += '\r';
        break;
      case '"':
      case '\\':
        out += c;
        break;
      default:
        out += '\\';
        out += c;
    }
  }
  return out;
}

class Parser {
 public:
  explicit Parser(TextPtr text) : bytes_(text->bytes()), scanner_(bytes_, 0) {
    file_.text = std::move(text);
  }

  AlloyFile run() {
    if (bytes_.starts_with("\xEF\xBB\xBF")) scanner_.advance(3);
    while (!stopped_) {
      body(file_.root, 0);
      if (scanner_.at_end()) break;
      problem(scanner_.at(), scanner_.at() + 1, "a '}' closes no block");
      scanner_.advance();
    }
    file_.root.span = span(0, bytes_.size());
    return std::move(file_);
  }

 private:
  Span span(std::size_t begin, std::size_t end) const { return span_in(*file_.text, begin, end); }
  void problem(std::size_t begin, std::size_t end, std::string message) {
    add_problem(file_.problems, span(begin, end), std::move(message));
  }

  // Statements up to the '}' that ends the block, which stays, or the end of the file.
  void body(AlloyBlock& block, std::size_t depth) {
    while (!stopped_) {
      scanner_.skip_space(true);
      while (scanner_.peek() == ';') {
        scanner_.advance();
        scanner_.skip_space(true);
      }
      if (scanner_.at_end() || scanner_.peek() == '}') return;
      statement(block, depth);
    }
  }

  void skip_line(std::size_t begin, std::string message) {
    const std::size_t end = std::min(bytes_.find('\n', scanner_.at()), bytes_.size());
    problem(begin, end, std::move(message));
    scanner_.advance(end - scanner_.at());
  }

  void statement(AlloyBlock& owner, std::size_t depth) {
    const std::size_t begin = scanner_.at();
    std::string name(scanner_.take_identifier());
    while (!name.empty() && scanner_.peek() == '.') {
      scanner_.advance();
      name += '.';
      name += scanner_.take_identifier();
    }
    const std::size_t name_end = scanner_.at();
    if (name.empty()) return skip_line(begin, "a block or an attribute is expected here");
    scanner_.skip_space(false);
    if (scanner_.peek() == '=') {
      scanner_.advance();
      scanner_.skip_space(false);
      const std::size_t from = scanner_.at();
      const std::size_t to = scanner_.skip_expression(false);
      if (to == from) problem(begin, name_end, fmt::format("{} has no value", in_quotes(name, 40)));
      owner.attributes.push_back({std::move(name), span(begin, name_end), span(from, to)});
      return;
    }
    AlloyBlock block;
    if (scanner_.peek() == '"') {
      const std::size_t label = scanner_.at();
      if (scanner_.skip_string()) {
        block.label = without_escapes(bytes_.substr(label, scanner_.at() - label));
      }
      scanner_.skip_space(false);
    }
    if (scanner_.peek() != '{') {
      return skip_line(begin,
                       fmt::format("'=' or a block is expected behind {}", in_quotes(name, 40)));
    }
    block.name = std::move(name);
    block.name_span = span(begin, name_end);
    take_block(block, begin, depth);
    owner.blocks.push_back(std::move(block));
  }

  // At its '{'.
  void take_block(AlloyBlock& block, std::size_t begin, std::size_t depth) {
    if (depth + 1 >= kMaxDepth) {
      problem(scanner_.at(), scanner_.at() + 1, "blocks are nested too deep to be read on");
      stopped_ = true;
      return;
    }
    scanner_.advance();
    body(block, depth + 1);
    if (scanner_.peek() == '}') {
      scanner_.advance();
    } else if (!stopped_) {
      problem(begin, block.name_span.end,
              fmt::format("the block {} is never closed", in_quotes(block.name, 40)));
    }
    block.span = span(begin, scanner_.at());
  }

  std::string_view bytes_;
  Scanner scanner_;
  bool stopped_ = false;
  AlloyFile file_;
};

}  // namespace

const AlloyAttribute* AlloyBlock::attribute(std::string_view attribute_name) const {
  const auto found = std::ranges::find(attributes, attribute_name, &AlloyAttribute::name);
  return found == attributes.end() ? nullptr : &*found;
}

const AlloyBlock* AlloyBlock::block(std::string_view block_name) const {
  for (const AlloyBlock& candidate : blocks) {
    if (candidate.name == block_name) return &candidate;
  }
  return nullptr;
}

AlloyFile parse_alloy(TextPtr text) { return Parser(std::move(text)).run(); }

std::optional<std::string> alloy_string(const Span& expression) {
  const std::string_view bytes = expression.bytes();
  if (bytes.size() < 2 || (bytes[0] != '"' && bytes[0] != '`')) return std::nullopt;
  Scanner scanner(bytes, 0);
  if (!scanner.skip_string() || !scanner.at_end()) return std::nullopt;
  return without_escapes(bytes);
}

std::vector<AlloyEntry> alloy_object(const Span& expression) {
  std::vector<AlloyEntry> entries;
  const std::string_view bytes = expression.bytes();
  if (!bytes.starts_with('{')) return entries;
  Scanner scanner(bytes, 1);
  for (;;) {
    scanner.skip_space(true);
    const std::size_t begin = scanner.at();
    AlloyEntry entry;
    if (scanner.peek() == '"') {
      if (!scanner.skip_string()) return entries;
      entry.key = without_escapes(bytes.substr(begin, scanner.at() - begin));
    } else {
      entry.key = scanner.take_identifier();
    }
    if (scanner.at() == begin) return entries;
    const auto place = [&](std::size_t from, std::size_t to) {
      return span_in(*expression.file, expression.begin + from, expression.begin + to);
    };
    entry.key_span = place(begin, scanner.at());
    scanner.skip_space(true);
    if (scanner.peek() != '=') return entries;
    scanner.advance();
    scanner.skip_space(true);
    const std::size_t from = scanner.at();
    entry.value = place(from, std::max(from, scanner.skip_expression(true)));
    entries.push_back(std::move(entry));
    scanner.skip_space(true);
    if (scanner.peek() != ',') return entries;
    scanner.advance();
  }
}

}  // namespace selvage::stack
