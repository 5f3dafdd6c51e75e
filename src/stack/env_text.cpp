#include "stack/env_text.hpp"

#include <fmt/format.h>

#include <map>

#include "base/text.hpp"
#include "stack/template.hpp"
#include "stack/yaml.hpp"

namespace selvage::stack {

namespace {

constexpr std::size_t kMaxEntries = 20'000;
constexpr std::size_t kMaxBytes = 8 << 20;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }

bool is_name_byte(char c) {
  const char lower = to_lower_ascii(c);
  return is_digit(c) || (lower >= 'a' && lower <= 'z') || std::string_view("_.-[]").contains(c) ||
         static_cast<unsigned char>(c) >= 0x80;
}

// The escapes of a double-quoted value. `\$` becomes `$$`, which substitution makes a dollar.
std::string unescape(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      result += text[i];
      continue;
    }
    const char next = text[++i];
    switch (next) {
      case 'a':
        result += '\a';
        break;
      case 'b':
        result += '\b';
        break;
      case 'f':
        result += '\f';
        break;
      case 'n':
        result += '\n';
        break;
      case 'r':
        result += '\r';
        break;
      case 't':
        result += '\t';
        break;
      case 'v':
        result += '\v';
        break;
      case '\\':
        result += '\\';
        break;
      case '$':
        result += "$$";
        break;
      case '0': {
        std::size_t digits = 0;
        unsigned value = 0;
        while (digits < 3 && i + 1 + digits < text.size() && text[i + 1 + digits] >= '0' &&
               text[i + 1 + digits] <= '7') {
          value = value * 8 + static_cast<unsigned>(text[i + 1 + digits++] - '0');
        }
        if (digits == 3 && value < 0x80) {
          result += static_cast<char>(value);
          i += digits;
          break;
        }
        result += "\\0";
        break;
      }
      default:
        result += '\\';
        result += next;
    }
  }
  return result;
}

class EnvParser {
 public:
  EnvParser(const Text& text, const OuterLookup& outer)
      : text_(text), bytes_(text.bytes()), outer_(outer) {
    if (bytes_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }

  Result<std::vector<EnvEntry>> run() {
    while (skip_to_statement()) {
      TRY(statement());
      if (entries_.size() > kMaxEntries || used_ > kMaxBytes) {
        return wrong(at_, "the file has too many entries or too long values");
      }
    }
    return std::move(entries_);
  }

 private:
  std::unexpected<Error> wrong(std::size_t at, std::string_view what) const {
    const auto place = static_cast<std::uint32_t>(at);
    return fail_at({&text_, place, place}, "compose.env_file", what,
                   "write one NAME=value in each line");
  }

  bool skip_to_statement() {
    while (at_ < bytes_.size()) {
      if (bytes_[at_] == '#') {
        at_ = std::min(bytes_.find('\n', at_), bytes_.size());
      } else if (is_blank(bytes_[at_]) || bytes_[at_] == '\n') {
        ++at_;
      } else {
        return true;
      }
    }
    return false;
  }

  Result<void> statement() {
    if (bytes_.substr(at_).starts_with("export") && at_ + 6 < bytes_.size() &&
        is_blank(bytes_[at_ + 6])) {
      at_ += 6;
      while (at_ < bytes_.size() && is_blank(bytes_[at_])) ++at_;
    }
    const std::size_t begin = at_;
    while (at_ < bytes_.size() && (is_name_byte(bytes_[at_]) || is_blank(bytes_[at_]))) ++at_;
    const std::string name(trim(bytes_.substr(begin, at_ - begin)));
    if (at_ < bytes_.size() && bytes_[at_] != '=' && bytes_[at_] != ':' && bytes_[at_] != '\n') {
      return wrong(at_, "a name of a variable holds a character that is not allowed");
    }
    if (name.contains(' ')) return wrong(begin, "the name of a variable holds a blank");
    if (at_ == bytes_.size() || bytes_[at_] == '\n') {
      // the reference forgets a lone name at the very end
      if (at_ < bytes_.size()) {
        if (const auto value = outer_(name)) add(begin, name, *value);
        ++at_;
      }
      return {};
    }
    ++at_;
    while (at_ < bytes_.size() && is_blank(bytes_[at_])) ++at_;
    const char quote = at_ < bytes_.size() ? bytes_[at_] : '\0';
    std::string value = quote == '"' || quote == '\'' ? TRY(quoted(quote)) : TRY(unquoted());
    add(begin, name, std::move(value));
    return {};
  }

  void add(std::size_t begin, std::string name, std::string value) {
    used_ += value.size();
    known_.insert_or_assign(name, value);
    const std::size_t end = std::min(at_, bytes_.size());
    entries_.push_back({std::move(name),
                        std::move(value),
                        {&text_, static_cast<std::uint32_t>(begin),
                         static_cast<std::uint32_t>(std::max(begin, end))}});
  }

  Result<std::string> unquoted() {
    const std::size_t begin = at_;
    const std::size_t end = std::min(bytes_.find('\n', at_), bytes_.size());
    std::string_view value = bytes_.substr(begin, end - begin);
    value = value.substr(0, value.find(" #"));
    value = value.substr(0, value.find_last_not_of(" \t\r\v\f") + 1);
    at_ = end;
    return expand(value, begin);
  }

  Result<std::string> quoted(char quote) {
    const std::size_t begin = at_++;
    std::string value;
    bool escaped = false;
    for (; at_ < bytes_.size(); ++at_) {
      const char c = bytes_[at_];
      if (c == quote && !escaped) {
        ++at_;
        if (quote == '\'') return value;
        return expand(unescape(value), begin);
      }
      if (c != quote && !escaped && c == '\\') {
        escaped = true;
        continue;
      }
      if (c != quote && escaped) value += '\\';
      escaped = false;
      value += c;
    }
    return wrong(begin, "the quoted value does not end");
  }

  Result<std::string> expand(std::string_view value, std::size_t begin) {
    if (!value.contains('$')) return std::string(value);
    const auto lookup = [this](const Reference& found) -> std::optional<std::string> {
      if (auto outside = outer_(found.name)) return outside;
      const auto known = known_.find(found.name);
      if (known == known_.end()) return std::nullopt;
      return known->second;
    };
    auto result = substitute(value, lookup);
    // the message of the reference would repeat the value, which may be a secret
    if (!result)
      return wrong(begin, "a variable is used in a way that is not valid, or is missing");
    return std::move(*result);
  }

  const Text& text_;
  std::string_view bytes_;
  const OuterLookup& outer_;
  std::size_t at_ = 0;
  std::size_t used_ = 0;
  std::map<std::string, std::string, std::less<>> known_;
  std::vector<EnvEntry> entries_;
};

}  // namespace

Result<std::vector<EnvEntry>> parse_env_text(const Text& text, const OuterLookup& outer) {
  return EnvParser(text, outer).run();
}

Result<std::vector<EnvEntry>> parse_raw_env_text(const Text& text, const OuterLookup& outer) {
  std::vector<EnvEntry> entries;
  std::size_t begin = 0;
  for (std::string_view line : split(text.bytes(), '\n')) {
    const Span span{&text, static_cast<std::uint32_t>(begin),
                    static_cast<std::uint32_t>(begin + line.size())};
    begin += line.size() + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = line.substr(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t equals = line.find('=');
    std::string name(line.substr(0, equals));
    if (name.empty() || name.find_first_of(" \t") != std::string::npos) {
      return fail_at(span, "compose.env_file", "the name of a variable is missing or holds a blank",
                     "write one NAME=value in each line");
    }
    if (equals != std::string_view::npos) {
      entries.push_back({std::move(name), std::string(line.substr(equals + 1)), span});
    } else if (auto value = outer(name)) {
      entries.push_back({std::move(name), std::move(*value), span});
    }
    if (entries.size() > kMaxEntries) {
      return fail_at(span, "compose.env_file", "the file has too many entries", "split it");
    }
  }
  return entries;
}

}  // namespace selvage::stack
