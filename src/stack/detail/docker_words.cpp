#include "stack/detail/docker_words.hpp"

#include <boost/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "stack/problem.hpp"

namespace selvage::stack::detail {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_name(char c) {
  return c == '_' || c == '-' || c == '.' || is_digit(c) ||
         (to_lower_ascii(c) >= 'a' && to_lower_ascii(c) <= 'z');
}

Span span_of(const DockerText& joined, const Text& file, std::size_t begin, std::size_t end) {
  return span_in(file, joined.places[begin], joined.places[end - 1] + 1);
}

}  // namespace

std::vector<DockerWord> docker_words(const DockerText& joined, const Text& file, char escape) {
  std::vector<DockerWord> words;
  const std::string& text = joined.text;
  for (std::size_t i = 0; i < text.size();) {
    if (is_blank(text[i])) {
      ++i;
      continue;
    }
    const std::size_t begin = i;
    std::string word;
    char quote = 0;
    for (; i < text.size() && (quote != 0 || !is_blank(text[i])); ++i) {
      const char c = text[i];
      if (c == escape && quote != '\'' && i + 1 < text.size()) {
        word += text[++i];
      } else if (quote == 0 && (c == '"' || c == '\'')) {
        quote = c;
      } else if (quote != 0 && c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    }
    words.push_back({std::move(word), span_of(joined, file, begin, i)});
  }
  return words;
}

bool exec_words(const DockerText& joined, const Text& file, std::vector<DockerWord>& words) {
  const std::string_view text = trim(joined.text);
  if (!text.starts_with('[') || !text.ends_with(']')) return false;
  const auto parsed = json::parse(text);
  if (!parsed || !parsed->is_array()) return false;
  std::vector<DockerWord> found;
  std::size_t at = static_cast<std::size_t>(text.data() - joined.text.data()) + 1;
  for (const json::value& item : parsed->as_array()) {
    if (!item.is_string()) return false;
    at = joined.text.find('"', at);
    std::size_t end = at + 1;
    while (joined.text[end] != '"') end += joined.text[end] == '\\' ? 2 : 1;
    found.push_back({std::string(item.as_string()), span_of(joined, file, at, end + 1)});
    at = end + 1;
  }
  words = std::move(found);
  return true;
}

std::vector<HeredocStart> heredoc_starts(std::string_view text) {
  std::vector<HeredocStart> starts;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quote != 0) {
      if (text[i] == quote) quote = 0;
      continue;
    }
    if (text[i] == '\\') {
      ++i;
      continue;
    }
    if (text[i] == '"' || text[i] == '\'') quote = text[i];
    if (!text.substr(i).starts_with("<<")) continue;
    if (text.substr(i).starts_with("<<<")) {  // a here-string
      i += 2;
      continue;
    }
    i += 2;
    HeredocStart start;
    if (i < text.size() && text[i] == '-') {
      start.strips_tabs = true;
      ++i;
    }
    const char name_quote = i < text.size() && (text[i] == '"' || text[i] == '\'') ? text[i] : 0;
    if (name_quote != 0) {
      start.expands = false;
      ++i;
    }
    while (i < text.size() && is_name(text[i])) start.name += text[i++];
    if (name_quote != 0 && i < text.size() && text[i] == name_quote) ++i;
    if (!start.name.empty()) starts.push_back(std::move(start));
    --i;
  }
  return starts;
}

}  // namespace selvage::stack::detail
