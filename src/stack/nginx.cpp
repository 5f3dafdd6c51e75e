#include "stack/nginx.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace selvage::stack {

namespace {

constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxWords = 20'000;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_variable(char c) {
  return c == '_' || is_digit(c) || (to_lower_ascii(c) >= 'a' && to_lower_ascii(c) <= 'z');
}

class Parser {
 public:
  explicit Parser(TextPtr text) : bytes_(text->bytes()) { file_.text = std::move(text); }

  NginxFile run() {
    if (bytes_.starts_with("\xEF\xBB\xBF")) {
      problem(0, 3, "the file begins with a byte-order mark, which nginx takes for a directive");
      at_ = 3;
    }
    while (!stopped_ && at_ < bytes_.size()) {
      directives(file_.directives, 0);
      if (stopped_ || at_ >= bytes_.size()) break;
      problem(at_, at_ + 1, "a '}' closes no block");
      ++at_;
    }
    return std::move(file_);
  }

 private:
  Span span(std::size_t begin, std::size_t end) const { return span_in(*file_.text, begin, end); }
  void problem(std::size_t begin, std::size_t end, std::string message) {
    add_problem(file_.problems, span(begin, end), std::move(message));
  }
  void stop(std::string message) {
    problem(at_, at_, std::move(message));
    stopped_ = true;
  }

  void skip_space_and_comments() {
    while (at_ < bytes_.size()) {
      if (is_space(bytes_[at_])) {
        ++at_;
      } else if (bytes_[at_] == '#') {
        at_ = std::min(bytes_.find('\n', at_), bytes_.size());
      } else {
        return;
      }
    }
  }

  // Up to the '}' that ends the block, which stays, or the end of the file.
  void directives(std::vector<NginxDirective>& out, std::size_t depth) {
    for (;;) {
      skip_space_and_comments();
      if (stopped_ || at_ >= bytes_.size() || bytes_[at_] == '}') return;
      if (bytes_[at_] == ';') {
        problem(at_, at_ + 1, "a ';' ends no directive");
        ++at_;
      } else if (bytes_[at_] == '{') {
        problem(at_, at_ + 1, "a '{' follows no directive");
        ++at_;
        NginxDirective nameless;
        nameless.name.span = span(at_ - 1, at_ - 1);
        block(nameless, depth);
        out.push_back(std::move(nameless));
      } else {
        directive(out, depth);
      }
    }
  }

  void directive(std::vector<NginxDirective>& out, std::size_t depth) {
    NginxDirective next;
    const std::size_t begin = at_;
    next.name = word();
    for (;;) {
      skip_space_and_comments();
      if (stopped_) return;
      if (at_ >= bytes_.size() || bytes_[at_] == '}') {
        const std::string what =
            fmt::format("{} does not end with ';'", in_quotes(next.name.text, 40));
        problem(next.name.span.begin, next.name.span.end, what);
        next.span = span(begin, at_);
        break;
      }
      const char c = bytes_[at_];
      if (c == ';') {
        next.span = span(begin, ++at_);
        break;
      }
      if (c == '{') {
        ++at_;
        if (next.name.text.ends_with("_by_lua_block")) {
          code(next);
        } else {
          block(next, depth);
        }
        next.span = span(begin, at_);
        break;
      }
      next.arguments.push_back(word());
    }
    out.push_back(std::move(next));
  }

  // Behind its '{'.
  void block(NginxDirective& owner, std::size_t depth) {
    owner.has_block = true;
    if (depth + 1 >= kMaxDepth) return stop("blocks are nested too deep to be read on");
    const std::size_t begin = at_;
    directives(owner.children, depth + 1);
    owner.block = span(begin, at_);
    if (at_ < bytes_.size() && bytes_[at_] == '}') {
      ++at_;
    } else if (!stopped_) {
      problem(begin - 1, begin,
              fmt::format("the block of {} is never closed", in_quotes(owner.name.text, 40)));
    }
  }

  // Code of another language: braces are counted outside of its strings and comments.
  void code(NginxDirective& owner) {
    owner.has_block = true;
    const std::size_t begin = at_;
    std::size_t open = 1;
    char quote = 0;
    for (; at_ < bytes_.size(); ++at_) {
      const char c = bytes_[at_];
      if (quote != 0) {
        if (c == '\\') {
          ++at_;
        } else if (c == quote || c == '\n') {
          quote = 0;
        }
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == '-' && bytes_.substr(at_).starts_with("--")) {
        at_ = std::min(bytes_.find('\n', at_), bytes_.size()) - 1;
      } else if (c == '{') {
        ++open;
      } else if (c == '}' && --open == 0) {
        owner.block = span(begin, at_++);
        return;
      }
    }
    at_ = bytes_.size();
    owner.block = span(begin, at_);
    problem(begin - 1, begin, "the block of code is never closed");
  }

  NginxWord word() {
    if (++words_ > kMaxWords) stop("the file has too many words to be read on");
    const bool quoted = bytes_[at_] == '"' || bytes_[at_] == '\'';
    return quoted ? quoted_word() : plain_word();
  }

  NginxWord quoted_word() {
    NginxWord word;
    word.quoted = true;
    const std::size_t begin = at_;
    const char quote = bytes_[at_++];
    while (at_ < bytes_.size() && bytes_[at_] != quote) take_character(word.text);
    if (at_ >= bytes_.size()) {
      problem(begin, begin + 1, "a quote is never closed");
    } else {
      ++at_;
      const bool ends = at_ >= bytes_.size() || is_space(bytes_[at_]) ||
                        std::string_view(";{)").contains(bytes_[at_]);
      if (!ends) problem(at_, at_ + 1, "a blank or ';' is missing behind the closing quote");
    }
    word.span = span(begin, at_);
    return word;
  }

  NginxWord plain_word() {
    NginxWord word;
    const std::size_t begin = at_;
    while (at_ < bytes_.size() && !is_space(bytes_[at_]) && bytes_[at_] != ';') {
      // inside a word '}' is a character like others, and so is the '{' of "${"
      if (bytes_[at_] == '{' && (at_ == begin || bytes_[at_ - 1] != '$')) break;
      take_character(word.text);
    }
    word.span = span(begin, at_);
    return word;
  }

  void take_character(std::string& out) {
    const char c = bytes_[at_++];
    if (c != '\\' || at_ >= bytes_.size()) {
      out += c;
      return;
    }
    const char next = bytes_[at_++];
    switch (next) {
      case '"':
      case '\'':
      case '\\':
        out += next;
        break;
      case 't':
        out += '\t';
        break;
      case 'r':
        out += '\r';
        break;
      case 'n':
        out += '\n';
        break;
      default:
        out += c;
        out += next;
    }
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::size_t words_ = 0;
  bool stopped_ = false;
  NginxFile file_;
};

using Visit = std::function<void(const NginxDirective&, const std::vector<const NginxDirective*>&)>;

void walk(const std::vector<NginxDirective>& directives,
          std::vector<const NginxDirective*>& parents, const Visit& visit) {
  for (const NginxDirective& directive : directives) {
    visit(directive, parents);
    parents.push_back(&directive);
    walk(directive.children, parents, visit);
    parents.pop_back();
  }
}

void collect_variables(const Span& word, std::vector<NginxVariable>& uses) {
  const std::string_view bytes = word.bytes();
  for (std::size_t i = 0; (i = bytes.find('$', i)) != std::string_view::npos;) {
    const bool braced = i + 1 < bytes.size() && bytes[i + 1] == '{';
    const std::size_t begin = i + (braced ? 2 : 1);
    std::size_t end = begin;
    while (end < bytes.size() && is_variable(bytes[end])) ++end;
    const bool closed = !braced || (end < bytes.size() && bytes[end] == '}');
    if (end > begin && closed && !is_digit(bytes[begin])) {
      const std::size_t past = end + (braced ? 1 : 0);
      uses.push_back({std::string(bytes.substr(begin, end - begin)), braced,
                      span_in(*word.file, word.begin + i, word.begin + past)});
    }
    i = std::max(end, i + 1);
  }
}

}  // namespace

std::string_view NginxDirective::argument(std::size_t i) const {
  return i < arguments.size() ? std::string_view(arguments[i].text) : std::string_view();
}

const NginxDirective* NginxDirective::child(std::string_view child_name) const {
  for (const NginxDirective& directive : children) {
    if (directive.name.text == child_name) return &directive;
  }
  return nullptr;
}

NginxFile parse_nginx(TextPtr text) { return Parser(std::move(text)).run(); }

void each_directive(const NginxFile& file, const Visit& visit) {
  std::vector<const NginxDirective*> parents;
  walk(file.directives, parents, visit);
}

std::vector<NginxVariable> nginx_variables(const NginxFile& file) {
  std::vector<NginxVariable> uses;
  each_directive(file, [&uses](const NginxDirective& directive, const auto&) {
    collect_variables(directive.name.span, uses);
    for (const NginxWord& word : directive.arguments) collect_variables(word.span, uses);
  });
  return uses;
}

}  // namespace selvage::stack
