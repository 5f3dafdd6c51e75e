#include "stack/markdown.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace selvage::stack {

namespace {

constexpr std::size_t kMaxLine = 4'000;  // of prose; what is behind it is not looked at

std::string anchor_of(std::string_view heading) {
  std::string anchor;
  for (const char c : heading) {
    const char lower = to_lower_ascii(c);
    const bool kept = (lower >= 'a' && lower <= 'z') || is_digit(c) || c == '-' || c == '_' ||
                      static_cast<unsigned char>(c) >= 0x80;
    if (kept) anchor += lower;
    if (c == ' ') anchor += '-';
  }
  return anchor;
}

class Parser {
 public:
  explicit Parser(TextPtr text) : bytes_(text->bytes()) { page_.text = std::move(text); }

  MarkdownPage run() {
    std::size_t begin = bytes_.starts_with("\xEF\xBB\xBF") ? 3 : 0;
    while (begin < bytes_.size()) {
      const std::size_t end = std::min(bytes_.find('\n', begin), bytes_.size());
      line(begin, end);
      begin = end + 1;
    }
    if (!fence_.empty()) close_fence(bytes_.size());
    return std::move(page_);
  }

 private:
  Span span(std::size_t begin, std::size_t end) const { return span_in(*page_.text, begin, end); }

  void close_fence(std::size_t content_end) {
    page_.blocks.push_back({language_, span(fence_begin_, std::max(fence_begin_, content_end))});
    fence_ = {};
  }

  // Of three or more '`' or '~' behind blanks and marks of quotes and lists.
  static std::string_view fence_of(std::string_view line) {
    const auto from = line.find_first_not_of(" \t>");
    if (from == std::string_view::npos || (line[from] != '`' && line[from] != '~')) return {};
    const auto to = std::min(line.find_first_not_of(line[from], from), line.size());
    const bool inline_code = line[from] == '`' && line.find('`', to) != std::string_view::npos;
    if (to - from < 3 || inline_code) return {};
    return line.substr(from, to - from);
  }

  void line(std::size_t begin, std::size_t end) {
    std::string_view line = bytes_.substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::string_view fence = fence_of(line);
    if (!fence_.empty()) {
      const bool closes = fence.size() >= fence_.size() && fence[0] == fence_[0] &&
                          trim(line.substr(line.find(fence) + fence.size())).empty();
      if (closes) close_fence(begin);
      return;
    }
    if (!fence.empty()) {
      const std::string_view info = trim(line.substr(line.find(fence) + fence.size()));
      language_ = to_lower_ascii(info.substr(0, info.find_first_of(" \t{")));
      fence_ = fence;
      fence_begin_ = std::min(end + 1, bytes_.size());
      paragraph_ = {};
      return;
    }
    prose(line.substr(0, kMaxLine), begin);
  }

  void prose(std::string_view line, std::size_t begin) {
    const std::string_view text = trim(line);
    const bool indented = line.starts_with("    ") || line.starts_with("\t");
    if (indented && !paragraph_.known()) return;  // code
    if (text.empty()) {
      paragraph_ = {};
      return;
    }
    if (!heading(text, begin)) {
      paragraph_ = span(begin, begin + line.size());
      task(text, begin);
    }
    inline_parts(line, begin);
  }

  bool heading(std::string_view text, std::size_t begin) {
    const auto level = std::min(text.find_first_not_of('#'), text.size());
    if (level >= 1 && level <= 6 && (level == text.size() || text[level] == ' ')) {
      std::string_view title = trim(text.substr(level));
      const auto last = title.find_last_not_of('#');
      if (last != std::string_view::npos && last + 1 < title.size() && title[last] == ' ') {
        title = trim(title.substr(0, last));
      }
      add_heading(static_cast<int>(level), title, span(begin, begin + text.size()));
      return true;
    }
    const bool underline = paragraph_.known() && text.size() >= 2 &&
                           (text.find_first_not_of('=') == std::string_view::npos ||
                            text.find_first_not_of('-') == std::string_view::npos);
    if (!underline) return false;
    add_heading(text[0] == '=' ? 1 : 2, trim(paragraph_.bytes()), paragraph_);
    return true;
  }

  void add_heading(int level, std::string_view title, Span where) {
    page_.headings.push_back({level, std::string(title), anchor_of(title), where});
    paragraph_ = {};
  }

  void task(std::string_view text, std::size_t begin) {
    const bool item = text.size() > 5 && std::string_view("-*+").contains(text[0]) &&
                      text[1] == ' ' && text[2] == '[' && text[4] == ']' && text[5] == ' ';
    if (!item || !std::string_view(" xX").contains(text[3])) return;
    page_.tasks.push_back(
        {text[3] != ' ', std::string(trim(text.substr(6))), span(begin, begin + text.size())});
  }

  void inline_parts(std::string_view line, std::size_t begin) {
    reference(line, begin);
    bool image = false;
    for (std::size_t i = 0; i < line.size();) {
      const char c = line[i];
      if (c == '\\') {
        i += 2;
      } else if (c == '`') {
        i = code(line, begin, i);
      } else if (c == '<') {
        i = autolink(line, begin, i);
      } else if (c == '[') {
        image = i > 0 && line[i - 1] == '!';
        ++i;
      } else if (c == ']' && i + 1 < line.size() && line[i + 1] == '(') {
        i = target(line, begin, i + 2, image);
        image = false;
      } else {
        ++i;
      }
    }
  }

  // `a` or ``a ` b``; gives where to go on.
  std::size_t code(std::string_view line, std::size_t begin, std::size_t at) {
    const std::size_t from = std::min(line.find_first_not_of('`', at), line.size());
    const std::string_view quotes = line.substr(at, from - at);
    for (std::size_t to = line.find(quotes, from); to != std::string_view::npos;) {
      const std::size_t past = std::min(line.find_first_not_of('`', to), line.size());
      if (past - to == quotes.size()) {
        page_.inline_code.push_back(span(begin + from, begin + to));
        return past;
      }
      to = line.find(quotes, past);
    }
    return from;
  }

  std::size_t autolink(std::string_view line, std::size_t begin, std::size_t at) {
    const std::size_t end = line.find('>', at);
    const std::string_view inside =
        line.substr(at + 1, end == std::string_view::npos ? 0 : end - at - 1);
    if (inside.starts_with("http://") || inside.starts_with("https://")) {
      add_link(inside, begin + at + 1, false);
      return end;
    }
    return at + 1;
  }

  // Behind "](": the target may stand in <>, a title may follow, parentheses balance.
  std::size_t target(std::string_view line, std::size_t begin, std::size_t at, bool image) {
    while (at < line.size() && line[at] == ' ') ++at;
    if (at < line.size() && line[at] == '<') {
      const std::size_t end = line.find('>', at);
      if (end == std::string_view::npos) return at + 1;
      add_link(line.substr(at + 1, end - at - 1), begin + at + 1, image);
      return end;
    }
    std::size_t end = at;
    for (int open = 0; end < line.size() && line[end] != ' '; ++end) {
      if (line[end] == '(') ++open;
      if (line[end] == ')' && open-- == 0) break;
    }
    if (end < line.size() && end > at) add_link(line.substr(at, end - at), begin + at, image);
    return end;
  }

  // "[name]: target" on a line of its own; "[^1]: a footnote" is none.
  void reference(std::string_view line, std::size_t begin) {
    const std::size_t from = line.find_first_not_of(' ');
    if (from == std::string_view::npos || line[from] != '[' || line.substr(from).starts_with("[^"))
      return;
    const std::size_t end = line.find("]:", from);
    if (end == std::string_view::npos) return;
    std::size_t at = std::min(line.find_first_not_of(" \t", end + 2), line.size());
    const bool angle = at < line.size() && line[at] == '<';
    if (angle) ++at;
    const std::size_t past = std::min(line.find_first_of(angle ? ">" : " \t", at), line.size());
    if (past > at) add_link(line.substr(at, past - at), begin + at, false);
  }

  void add_link(std::string_view target, std::size_t begin, bool image) {
    page_.links.push_back({std::string(target), image, span(begin, begin + target.size())});
  }

  std::string_view bytes_;
  std::string_view fence_;  // the one that is open
  std::size_t fence_begin_ = 0;
  std::string language_;
  Span paragraph_;  // the line before, when it is prose
  MarkdownPage page_;
};

}  // namespace

MarkdownPage parse_markdown(TextPtr text) { return Parser(std::move(text)).run(); }

}  // namespace selvage::stack
