#include "data/detail/sql_text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>

#include "base/text.hpp"

namespace selvage::data {

namespace {

enum class TokenKind { word, semicolon, blank, other };

struct Token {
  TokenKind kind;
  std::string_view text;
};

bool is_word_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '_' || byte >= 0x80;
}

// Length of "$tag$" at the start of `text`, 0 if there is none ("$1" is a parameter).
std::size_t dollar_quote(std::string_view text) {
  if (text.size() < 2 || is_digit(text[1])) return 0;
  std::size_t end = 1;
  while (end < text.size() && is_word_char(text[end])) ++end;
  return end < text.size() && text[end] == '$' ? end + 1 : 0;
}

std::size_t past(std::string_view text, std::string_view closing, std::size_t from) {
  const std::size_t found = text.find(closing, from);
  return found == std::string_view::npos ? text.size() : found + closing.size();
}

// Nested as in PostgreSQL; SQLite's comments do not nest, but hold no further "/*" in practice.
std::size_t past_block_comment(std::string_view text) {
  std::size_t depth = 1;
  std::size_t at = 2;
  while (at < text.size() && depth > 0) {
    const std::string_view two = text.substr(at, 2);
    if (two == "*/") {
      --depth;
      at += 2;
    } else if (two == "/*") {
      ++depth;
      at += 2;
    } else {
      ++at;
    }
  }
  return std::min(at, text.size());
}

// The token at the start of `text`, which is not empty.
Token first_token(std::string_view text) {
  const char c = text[0];
  auto take = [&](TokenKind kind, std::size_t length) {
    return Token{kind, text.substr(0, length)};
  };
  if (c == ';') return take(TokenKind::semicolon, 1);
  if (std::isspace(static_cast<unsigned char>(c)) != 0) return take(TokenKind::blank, 1);
  if (text.starts_with("--")) return take(TokenKind::blank, past(text, "\n", 2));
  if (text.starts_with("/*")) return take(TokenKind::blank, past_block_comment(text));
  // A doubled quote inside a quoted text reads as two quoted texts in a row, which is as good here.
  if (c == '\'' || c == '"' || c == '`') {
    return take(TokenKind::other, past(text, text.substr(0, 1), 1));
  }
  if (c == '[') return take(TokenKind::other, past(text, "]", 1));
  if (c == '$') {
    if (const std::size_t opening = dollar_quote(text); opening > 0) {
      return take(TokenKind::other, past(text, text.substr(0, opening), opening));
    }
  }
  if (is_word_char(c)) {
    const auto end = std::ranges::find_if_not(text, is_word_char);
    return take(TokenKind::word, static_cast<std::size_t>(end - text.begin()));
  }
  return take(TokenKind::other, 1);
}

// Knows when a semicolon ends the statement: in "CREATE TRIGGER ... BEGIN ...; ...; END" only the
// one after END does.
class StatementEnd {
 public:
  void see(std::string_view word) {
    ++words_;
    if (words_ == 1) create_ = equals_icase(word, "CREATE");
    if (create_ && words_ <= 3 && equals_icase(word, "TRIGGER")) trigger_ = true;
    if (trigger_ && equals_icase(word, "BEGIN")) body_ = true;
    if (body_ && equals_icase(word, "CASE")) ++cases_;
    after_end_ = false;
    if (body_ && equals_icase(word, "END")) {
      if (cases_ > 0) {
        --cases_;
      } else {
        after_end_ = true;
      }
    }
  }
  void see_other() { after_end_ = false; }
  [[nodiscard]] bool here() const { return !body_ || after_end_; }
  [[nodiscard]] bool has_begun() const { return begun_; }
  void begin() { begun_ = true; }

 private:
  int words_ = 0;
  int cases_ = 0;
  bool create_ = false;
  bool trigger_ = false;
  bool body_ = false;
  bool after_end_ = false;
  bool begun_ = false;
};

}  // namespace

std::vector<std::string_view> split_statements(std::string_view script) {
  std::vector<std::string_view> statements;
  std::size_t start = 0;
  std::size_t last = 0;  // the end of the last token that is not blank
  StatementEnd end;
  auto finish = [&] {
    if (end.has_begun()) statements.push_back(script.substr(start, last - start));
    end = StatementEnd();
  };
  for (std::size_t at = 0; at < script.size();) {
    const Token token = first_token(script.substr(at));
    if (token.kind == TokenKind::semicolon && end.here()) {
      finish();
    } else if (token.kind != TokenKind::blank) {
      if (!end.has_begun()) start = at;
      end.begin();
      last = at + token.text.size();
      if (token.kind == TokenKind::word) {
        end.see(token.text);
      } else {
        end.see_other();
      }
    }
    at += token.text.size();
  }
  finish();
  return statements;
}

bool is_blank(std::string_view sql) {
  while (!sql.empty()) {
    const Token token = first_token(sql);
    if (token.kind == TokenKind::word || token.kind == TokenKind::other) return false;
    sql.remove_prefix(token.text.size());
  }
  return true;
}

bool controls_transaction(std::string_view sql) {
  static constexpr std::array<std::string_view, 16> kWords{
      "BEGIN",   "START",  "COMMIT", "END",    "ROLLBACK", "ABORT",   "SAVEPOINT", "RELEASE",
      "PREPARE", "ATTACH", "DETACH", "VACUUM", "PRAGMA",   "DISCARD", "LISTEN",    "SET"};
  while (!sql.empty()) {
    const Token token = first_token(sql);
    if (token.kind == TokenKind::word) {
      return std::ranges::any_of(
          kWords, [&](std::string_view word) { return equals_icase(token.text, word); });
    }
    if (token.kind == TokenKind::other) return false;
    sql.remove_prefix(token.text.size());
  }
  return false;
}

}  // namespace selvage::data
