#include "stack/dotenv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.hpp"
#include "stack/detail/dotenv_escapes.hpp"

namespace selvage::stack {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Bytes of the white space at the start of `text` as Go's unicode.IsSpace has it; 0 for none.
std::size_t space_length(std::string_view text) {
  if (text.empty()) return 0;
  const char c = text[0];
  if (c == ' ' || (c >= '\t' && c <= '\r')) return 1;
  constexpr std::string_view kWide[] = {
      "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81",
      "\xE2\x80\x82", "\xE2\x80\x83", "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86",
      "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\xA8",
      "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"};
  for (const std::string_view space : kWide) {
    if (text.starts_with(space)) return space.size();
  }
  return 0;
}

// The blanks that may stand around names: not the end of the line, not the exotic ones.
std::size_t blank_length(std::string_view text) {
  if (text.empty() || text[0] == '\n') return 0;
  if (space_length(text) == 1) return 1;
  return text.starts_with("\xC2\x85") || text.starts_with("\xC2\xA0") ? 2 : 0;
}

std::string_view without_trailing_space(std::string_view text) {
  while (!text.empty()) {
    std::size_t cut = 0;
    for (std::size_t length = 1; length <= std::min<std::size_t>(3, text.size()); ++length) {
      if (space_length(text.substr(text.size() - length)) == length) cut = length;
    }
    if (cut == 0) break;
    text.remove_suffix(cut);
  }
  return text;
}

bool is_identifier(std::string_view name) {
  if (name.empty() || is_digit(name[0])) return false;
  return std::ranges::all_of(name, [](char c) {
    return c == '_' || is_digit(c) || (to_lower_ascii(c) >= 'a' && to_lower_ascii(c) <= 'z');
  });
}

// A name in a message. Where a quote is missing, pieces of secrets stand where names belong; those
// are long or no identifiers.
std::string shown(std::string_view name) {
  constexpr std::size_t kLongest = 48;
  return is_identifier(name) && name.size() <= kLongest ? std::string(name) : "this";
}

// Punctuation, symbols and invisible characters that a keyboard, an editor or a web page puts where
// a letter was meant. Compose takes the letters and digits of all scripts.
bool is_symbol(std::string_view sequence) {
  char32_t c = 0;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(sequence[i]); };
  if (sequence.size() == 2) c = (byte(0) & 0x1FU) << 6 | (byte(1) & 0x3FU);
  if (sequence.size() == 3) {
    c = (byte(0) & 0x0FU) << 12 | (byte(1) & 0x3FU) << 6 | (byte(2) & 0x3FU);
  }
  if (sequence.size() == 4) c = 0x10000U | (byte(1) & 0x3FU) << 12 | (byte(2) & 0x3FU) << 6;
  const auto in = [c](char32_t low, char32_t high) { return low <= c && c <= high; };
  const bool latin = in(0x80, 0xBF) && !std::u32string_view(U"ªµº²³¹¼½¾").contains(c);
  return latin || c == 0xD7 || c == 0xF7 || in(0x2000, 0x206F) || in(0x20A0, 0x20FF) ||
         in(0x2190, 0x245F) || in(0x2500, 0x2BFF) || in(0xFE00, 0xFE0F) || c == 0xFEFF ||
         c == 0xFFFD || (sequence.size() == 4 && byte(0) == 0xF0 && byte(1) == 0x9F);
}

class Parser {
 public:
  explicit Parser(TextPtr text) : bytes_(text->bytes()) { file_.text = std::move(text); }

  EnvFile run() {
    file_.read_to = bytes_.size();
    if (bytes_.starts_with(kByteOrderMark)) {
      problem(0, 3, "the file begins with a byte-order mark, which other readers take for text");
      at_ = 3;
    }
    if (const auto cr = bytes_.find("\r\n"); cr != std::string_view::npos) {
      problem(cr, cr + 1, "lines end with CR LF; shells and --env-file keep the CR in the value");
    }
    while (skip_to_statement()) statement();
    find_repeated_names();
    return std::move(file_);
  }

 private:
  Span span(std::size_t begin, std::size_t end) const { return span_in(*file_.text, begin, end); }

  void problem(std::size_t begin, std::size_t end, std::string message, bool fatal = false) {
    if (file_.problems.size() < kMaxProblems) {
      file_.problems.push_back({span(begin, end), std::move(message), fatal});
    } else if (fatal) {
      file_.problems.back().fatal = true;  // the verdict survives the limit
    }
  }

  // Remembered, since a line may hold any number of statements.
  std::size_t line_end(std::size_t from) {
    if (from < line_from_ || from > line_to_) {
      line_from_ = from;
      line_to_ = std::min(bytes_.find('\n', from), bytes_.size());
    }
    return line_to_;
  }

  void skip_blanks() {
    while (const std::size_t length = blank_length(bytes_.substr(at_))) at_ += length;
  }

  bool skip_to_statement() {
    while (at_ < bytes_.size()) {
      if (const std::size_t length = space_length(bytes_.substr(at_))) {
        at_ += length;
      } else if (bytes_[at_] == '#') {
        at_ = line_end(at_);
      } else {
        return true;
      }
    }
    return false;
  }

  void refuse(std::size_t begin, std::size_t end, std::string message) {
    problem(begin, end, std::move(message), true);
    at_ = std::min(line_end(begin) + 1, bytes_.size());
  }

  void statement() {
    EnvAssignment next;
    const std::size_t begin = at_;
    next.stray = std::exchange(stray_next_, false);
    next.exported = take_export();
    if (at_ >= bytes_.size()) return refuse(at_, at_, "\"export\" names nothing");
    const std::size_t name_begin = at_;
    const std::size_t name_end = find_name_end();
    if (name_end == std::string_view::npos) return;
    const bool ended = name_end < bytes_.size();
    next.inherited = ended && bytes_[name_end] == '\n';
    next.name =
        ended ? without_trailing_space(bytes_.substr(name_begin, name_end - name_begin)) : "";
    next.name_span = span(name_begin, name_begin + next.name.size());
    next.value_span = span(name_begin + next.name.size(), name_begin + next.name.size());
    if (next.name.contains(' ')) {
      return refuse(name_begin, name_end, "a name cannot hold a blank");
    }
    if (!ended) {
      problem(name_begin, name_end,
              "what ends the file has neither '=' nor a line end; Compose ignores it");
      file_.read_to = begin;
      at_ = bytes_.size();
      return;
    }
    if (next.name.empty() && !next.inherited) {
      problem(name_begin, name_end + 1, "a name is missing before the separator");
    } else if (!next.name.empty() && !is_identifier(next.name)) {
      problem(name_begin, name_begin + next.name.size(),
              "this is no name that a shell or ${} could read");
    }
    if (bytes_[name_end] == ':') {
      problem(name_end, name_end + 1, "':' assigns here as in YAML; other readers want '='");
    }
    at_ = name_end + 1;
    skip_blanks();
    if (!next.inherited && !take_value(next)) return;
    if (!next.name.empty() || !next.inherited) file_.assignments.push_back(std::move(next));
  }

  // "export" and the white space behind it, a line end included.
  bool take_export() {
    constexpr std::string_view kExport = "export";
    if (!bytes_.substr(at_).starts_with(kExport)) return false;
    const std::size_t after = at_ + kExport.size();
    if (after >= bytes_.size() || !std::string_view(" \t\n\f\r").contains(bytes_[after]))
      return false;
    at_ = after;
    skip_blanks();
    return true;
  }

  // Of '=', ':' or the line end; the end of the text when none follows; npos after a refusal.
  std::size_t find_name_end() {
    for (std::size_t i = at_; i < bytes_.size();) {
      if (const std::size_t length = blank_length(bytes_.substr(i))) {
        i += length;
        continue;
      }
      const char c = bytes_[i];
      if (c == '=' || c == ':' || c == '\n') return i;
      const bool letter = to_lower_ascii(c) >= 'a' && to_lower_ascii(c) <= 'z';
      const std::size_t length = utf8_sequence(bytes_.substr(i));
      const bool wide = length > 1 && !is_symbol(bytes_.substr(i, length));
      if (length == 0 ||
          !(letter || wide || is_digit(c) || std::string_view("_.-[]").contains(c))) {
        const std::size_t shown = std::max<std::size_t>(length, 1);
        refuse(i, i + shown,
               fmt::format("{} cannot stand in a name", in_quotes(bytes_.substr(i, shown))));
        return std::string_view::npos;
      }
      i += length;
    }
    return bytes_.size();
  }

  bool take_value(EnvAssignment& next) {
    if (at_ < bytes_.size() && (bytes_[at_] == '"' || bytes_[at_] == '\''))
      return take_quoted(next);
    const std::size_t begin = at_;
    const std::size_t end = line_end(begin);
    std::string_view line = bytes_.substr(begin, end - begin);
    if (const auto comment = line.find(" #"); comment != std::string_view::npos) {
      next.comment = span(begin + comment + 1, begin + without_trailing_space(line).size());
      line = line.substr(0, comment);
    }
    const std::string_view value = without_trailing_space(line);
    next.raw = value;
    next.value_span = span(begin, begin + value.size());
    note_plain_value(next, begin, line);
    at_ = std::min(end + 1, bytes_.size());
    return true;
  }

  void note_plain_value(const EnvAssignment& next, std::size_t begin, std::string_view line) {
    const std::string_view value = next.raw;
    if (value.starts_with('#')) {
      problem(begin, begin + value.size(),
              fmt::format("Compose takes this for the value of {}, not for a comment",
                          shown(next.name)));
    }
    if (value.contains("\t#")) {
      problem(begin + value.find("\t#") + 1, begin + value.size(),
              "'#' begins a comment only behind a space; this is part of the value");
    }
    if (value.size() > 1 && (value.ends_with('"') || value.ends_with('\''))) {
      if (std::ranges::count(value, value.back()) % 2 != 0) {
        problem(begin + value.size() - 1, begin + value.size(),
                "a quote closes what none opened; it is part of the value");
      }
    }
    const std::string_view blank = line.substr(value.size());
    if (!next.comment.known() && !blank.empty() && blank != "\r") {
      problem(begin + value.size(), begin + line.size(),
              "blanks behind the value; Compose drops them, other readers keep them");
    }
  }

  bool take_quoted(EnvAssignment& next) {
    const char quote = bytes_[at_];
    const std::size_t begin = at_;
    std::string taken;
    bool escaped = false;
    for (std::size_t i = begin + 1; i < bytes_.size(); ++i) {
      const char c = bytes_[i];
      if (c == quote && !escaped) return close_quote(next, begin, i + 1, std::move(taken));
      if (c == '\\' && !escaped) {
        escaped = true;
        continue;
      }
      if (escaped && c != quote) taken += '\\';
      escaped = false;
      taken += c;
    }
    refuse(begin, line_end(begin),
           fmt::format("the quote that opens the value of {} is never closed", shown(next.name)));
    return false;
  }

  bool close_quote(EnvAssignment& next, std::size_t begin, std::size_t end, std::string taken) {
    const bool is_double = bytes_[begin] == '"';
    next.quotes = is_double ? EnvQuotes::double_quotes : EnvQuotes::single_quotes;
    next.raw = is_double ? detail::without_dotenv_escapes(taken) : std::move(taken);
    next.value_span = span(begin, end);
    at_ = end;
    skip_blanks();
    if (at_ >= bytes_.size() || bytes_[at_] == '\n') return true;
    if (bytes_[at_] == '#') {
      next.comment =
          span(at_, at_ + without_trailing_space(bytes_.substr(at_, line_end(at_) - at_)).size());
    } else {
      stray_next_ = true;
      problem(at_, line_end(at_),
              fmt::format("text behind the closing quote of {}; Compose reads "
                          "it as the next assignment",
                          shown(next.name)));
    }
    return true;
  }

  void find_repeated_names() {
    std::map<std::string_view, const EnvAssignment*> first;
    for (const EnvAssignment& assignment : file_.assignments) {
      if (file_.problems.size() >= kMaxProblems) return;
      const auto [known, is_new] = first.emplace(assignment.name, &assignment);
      if (is_new) continue;
      const Span& again = assignment.name_span;
      problem(again.begin, again.end,
              fmt::format("{} is set again; line {} no longer counts", shown(assignment.name),
                          known->second->name_span.place().line));
      known->second = &assignment;
    }
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  bool stray_next_ = false;
  std::size_t line_from_ = 1;
  std::size_t line_to_ = 0;
  EnvFile file_;
};

}  // namespace

bool EnvFile::accepted() const { return std::ranges::none_of(problems, &EnvProblem::fatal); }

const EnvAssignment* EnvFile::find(std::string_view name) const {
  const auto found =
      std::ranges::find(assignments.rbegin(), assignments.rend(), name, &EnvAssignment::name);
  return found == assignments.rend() ? nullptr : &*found;
}

EnvFile parse_dotenv(TextPtr text) { return Parser(std::move(text)).run(); }

}  // namespace selvage::stack
