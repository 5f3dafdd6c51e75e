#include "stack/glob.hpp"

namespace selvage::stack {

Glob::Glob(std::string_view pattern, GlobDialect dialect) {
  if (pattern.size() > kMaxPattern) {
    parts_.push_back({Kind::nothing_ever});
    return;
  }
  for (std::size_t at = 0; at < pattern.size();) {
    switch (pattern[at]) {
      case '*':
        take_stars(pattern, at, dialect);
        break;
      case '?':
        parts_.push_back({Kind::any_but_slash});
        ++at;
        break;
      case '[':
        if (!take_set(pattern, at)) parts_.push_back({Kind::character, pattern[at++]});
        break;
      case '\\':
        if (at + 1 < pattern.size()) ++at;
        [[fallthrough]];
      default:
        parts_.push_back({Kind::character, pattern[at++]});
    }
  }
}

void Glob::take_stars(std::string_view pattern, std::size_t& at, GlobDialect dialect) {
  const std::size_t begin = at;
  while (at < pattern.size() && pattern[at] == '*') ++at;
  const bool starts_segment = begin == 0 || pattern[begin - 1] == '/';
  const bool ends_segment = at == pattern.size() || pattern[at] == '/';
  const bool crosses =
      at - begin >= 2 &&
      (dialect == GlobDialect::docker ||
       (dialect == GlobDialect::git && at - begin == 2 && starts_segment && ends_segment));
  if (!crosses) {
    parts_.push_back({Kind::many_but_slash});
  } else if (at < pattern.size() && pattern[at] == '/') {
    parts_.push_back({starts_segment ? Kind::folders : Kind::many});
    if (starts_segment) ++at;
  } else {
    parts_.push_back({Kind::many});
  }
}

bool Glob::take_set(std::string_view pattern, std::size_t& at) {
  std::size_t i = at + 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  Set set{};
  for (bool first = true;; first = false) {
    if (i >= pattern.size()) return false;
    if (pattern[i] == ']' && !first) break;
    if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    const auto low = static_cast<unsigned char>(pattern[i++]);
    auto high = low;
    if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
      high = static_cast<unsigned char>(pattern[i + 1]);
      i += 2;
    }
    for (int c = low; c <= high; ++c) set[static_cast<std::size_t>(c)] = true;
  }
  if (negated) {
    for (bool& member : set) member = !member;
  }
  set['/'] = false;
  at = i + 1;
  parts_.push_back({Kind::set, 0, static_cast<std::uint16_t>(sets_.size())});
  sets_.push_back(set);
  return true;
}

bool Glob::takes(const Part& part, char c) const {
  switch (part.kind) {
    case Kind::character:
      return part.character == c;
    case Kind::any_but_slash:
    case Kind::many_but_slash:
      return c != '/';
    case Kind::many:
    case Kind::folders:
      return true;
    case Kind::set:
      return sets_[part.set][static_cast<unsigned char>(c)];
    case Kind::nothing_ever:
      return false;
  }
  return false;
}

// All states of the pattern are walked at once, so no input makes it go back. `here` are the parts
// that may take the next character; `folders` may be left only where a folder's name begins.
bool Glob::matches(std::string_view path) const {
  std::vector<bool> here(parts_.size() + 1);
  std::vector<bool> next(parts_.size() + 1);
  here[0] = true;
  for (std::size_t at = 0;; ++at) {
    const bool at_segment = at == 0 || path[at - 1] == '/';
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const Kind kind = parts_[i].kind;
      const bool may_be_empty = kind == Kind::many_but_slash || kind == Kind::many ||
                                (kind == Kind::folders && at_segment);
      if (here[i] && may_be_empty) here[i + 1] = true;
    }
    if (at == path.size()) return here[parts_.size()];
    next.assign(next.size(), false);
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (!here[i] || !takes(parts_[i], path[at])) continue;
      const Kind kind = parts_[i].kind;
      const bool stays =
          kind == Kind::many_but_slash || kind == Kind::many || kind == Kind::folders;
      next[stays ? i : i + 1] = true;
    }
    here.swap(next);
  }
}

}  // namespace selvage::stack
