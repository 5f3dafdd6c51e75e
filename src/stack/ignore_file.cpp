#include "stack/ignore_file.hpp"

#include "base/text.hpp"
#include "stack/problem.hpp"

namespace selvage::stack {

namespace {

// Trailing blanks go, unless a backslash keeps the last one.
std::string_view without_trailing_blanks(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  while (line.ends_with(' ') && !line.ends_with("\\ ")) line.remove_suffix(1);
  return line;
}

// "./a//b/../c/" -> "a/c", as Docker cleans each pattern.
std::string cleaned(std::string_view path) {
  std::vector<std::string> kept;
  for (const std::string_view piece : split(path, '/')) {
    if (piece.empty() || piece == ".") continue;
    if (piece == ".." && !kept.empty() && kept.back() != "..") {
      kept.pop_back();
    } else if (piece != "..") {
      kept.emplace_back(piece);
    }
  }
  return join(kept, "/");
}

}  // namespace

template <class Add>
void IgnoreFile::each_line(Add add) {
  const std::string_view text = text_->bytes();
  std::size_t begin = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (rules_.size() >= kMaxPatterns) {
      cut_short_ = true;
      return;
    }
    add(text.substr(begin, end - begin), span_in(*text_, begin, end));
    begin = end + 1;
  }
}

IgnoreFile IgnoreFile::git(TextPtr text) {
  IgnoreFile file;
  file.text_ = std::move(text);
  file.each_line([&](std::string_view line, Span span) { file.add_git(line, span); });
  return file;
}

IgnoreFile IgnoreFile::docker(TextPtr text) {
  IgnoreFile file;
  file.text_ = std::move(text);
  file.below_matches_ = true;
  file.each_line([&](std::string_view line, Span span) { file.add_docker(line, span); });
  return file;
}

void IgnoreFile::add_git(std::string_view line, Span span) {
  line = without_trailing_blanks(line);
  if (line.empty() || line[0] == '#') return;
  const bool takes_back = line[0] == '!';
  if (takes_back) line.remove_prefix(1);
  const bool folders_only = line.ends_with('/');
  if (folders_only) line.remove_suffix(1);
  if (line.empty()) return;
  const bool anchored = line.contains('/');
  if (line.starts_with('/')) line.remove_prefix(1);
  const std::string pattern = (anchored ? "" : "**/") + std::string(line);
  rules_.push_back({Glob(pattern, GlobDialect::git), span, takes_back, folders_only});
}

void IgnoreFile::add_docker(std::string_view line, Span span) {
  if (line.starts_with('#')) return;
  line = trim(line);
  const bool takes_back = line.starts_with('!');
  if (takes_back) line = trim(line.substr(1));
  const std::string pattern = cleaned(line);
  if (pattern.empty()) return;
  rules_.push_back({Glob(pattern, GlobDialect::docker), span, takes_back});
}

const IgnoreFile::Rule* IgnoreFile::last_match(std::string_view path, bool is_folder) const {
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (rule->folders_only && !is_folder) continue;
    if (rule->glob.matches(path)) return &*rule;
  }
  return nullptr;
}

const IgnoreFile::Rule* IgnoreFile::decide(std::string_view path, bool is_folder) const {
  if (below_matches_) {
    // The last rule that matches the path or a folder above it.
    for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
      if (rule->glob.matches(path)) return &*rule;
      for (auto slash = path.find('/'); slash != std::string_view::npos;
           slash = path.find('/', slash + 1)) {
        if (rule->glob.matches(path.substr(0, slash))) return &*rule;
      }
    }
    return nullptr;
  }
  for (auto slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/', slash + 1)) {
    const Rule* rule = last_match(path.substr(0, slash), true);
    if (rule != nullptr && !rule->takes_back) return rule;
  }
  return last_match(path, is_folder);
}

bool IgnoreFile::ignores(std::string_view path, bool is_folder) const {
  const Rule* rule = decide(path, is_folder);
  return rule != nullptr && !rule->takes_back;
}

std::optional<Span> IgnoreFile::decided_by(std::string_view path, bool is_folder) const {
  const Rule* rule = decide(path, is_folder);
  if (rule == nullptr) return std::nullopt;
  return rule->span;
}

}  // namespace selvage::stack
