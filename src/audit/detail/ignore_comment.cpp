#include "audit/detail/ignore_comment.hpp"

#include "base/text.hpp"

namespace selvage::audit {

namespace {

constexpr std::string_view kMark = "selvage:";
constexpr std::string_view kVerb = "ignore";

std::string_view line_at(const stack::Text& text, std::size_t line) {
  const std::size_t begin = text.line_start(line);
  return trim(text.bytes().substr(begin, text.line_start(line + 1) - begin));
}

bool says_something(std::string_view line) { return !line.empty() && line.front() != '#'; }

// What follows "# selvage: ignore", and where the '#' is; npos: there is none.
std::size_t find_comment(std::string_view line, std::string_view& rest) {
  for (std::size_t at = line.find('#'); at != line.npos; at = line.find('#', at + 1)) {
    if (at > 0 && line[at - 1] != ' ' && line[at - 1] != '\t') continue;
    std::string_view words = trim(line.substr(at + 1));
    if (!words.starts_with(kMark)) continue;
    words = trim(words.substr(kMark.size()));
    if (!words.starts_with(kVerb)) continue;
    rest = trim(words.substr(kVerb.size()));
    return at;
  }
  return line.npos;
}

}  // namespace

std::vector<IgnoreComment> ignore_comments(const stack::Text& text) {
  std::vector<IgnoreComment> comments;
  for (std::size_t line = 1; line <= text.line_count(); ++line) {
    const std::size_t begin = text.line_start(line);
    const std::string_view whole = text.bytes().substr(begin, text.line_start(line + 1) - begin);
    std::string_view rest;
    const std::size_t at = find_comment(whole, rest);
    if (at == whole.npos) continue;
    IgnoreComment comment{.line = line, .for_line = line};
    const std::size_t space = rest.find_first_of(" \t");
    for (const std::string_view rule : split(rest.substr(0, space), ',')) {
      if (!trim(rule).empty()) comment.rules.emplace_back(trim(rule));
    }
    if (space != rest.npos) comment.reason = trim(rest.substr(space));
    comment.span = {
        &text, static_cast<std::uint32_t>(begin + at),
        static_cast<std::uint32_t>(begin + trim(whole).size() + (whole.find_first_not_of(" \t")))};
    if (trim(whole.substr(0, at)).empty()) {
      while (comment.for_line < text.line_count() &&
             !says_something(line_at(text, ++comment.for_line))) {
      }
    }
    comments.push_back(std::move(comment));
  }
  return comments;
}

}  // namespace selvage::audit
