#include "base/detail/env_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.hpp"

namespace selvage::detail {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

class Parser {
 public:
  Parser(std::string_view text, std::string_view file) : rest_(text), file_(file) {}

  EnvText run() {
    if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
    for (; !rest_.empty(); next_line()) {
      skip_blanks();
      if (at_end_of_line() || rest_.front() == '#') continue;
      entry();
    }
    return std::move(result_);
  }

 private:
  bool at_end_of_line() const {
    return rest_.empty() || rest_.front() == '\n' || rest_.starts_with("\r\n") || rest_ == "\r";
  }

  void skip_blanks() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t'))
      rest_.remove_prefix(1);
  }

  void next_line() {
    const auto end = rest_.find('\n');
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    ++line_;
  }

  void problem(std::size_t line, std::string_view what) {
    result_.problems.push_back(fmt::format("{}:{}: {}", file_, line, what));
  }

  std::string_view take_name() {
    std::size_t length = 0;
    while (length < rest_.size()) {
      const char c = rest_[length];
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
      if (!letter && (length == 0 || !is_digit(c))) break;
      ++length;
    }
    const std::string_view name = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return name;
  }

  void entry() {
    std::string_view name = take_name();
    skip_blanks();
    if (name == "export" && !rest_.starts_with('=')) {
      name = take_name();
      skip_blanks();
    }
    if (name.empty()) return problem(line_, "a name (letters, digits and _) is expected here");
    if (!rest_.starts_with('=')) {
      return problem(line_, fmt::format("'=' is missing after {}", in_quotes(name)));
    }
    rest_.remove_prefix(1);
    skip_blanks();
    const std::size_t line = line_;
    std::string value;
    const bool is_quoted = rest_.starts_with('\'') || rest_.starts_with('"');
    if (is_quoted ? !quoted_value(name, value) : !plain_value(value)) return;
    if (value.contains('\0')) return problem(line, fmt::format("{} holds a NUL byte", name));
    result_.entries.push_back({std::string(name), std::move(value), line});
  }

  // Up to the end of the line or a comment, which starts with '#' after a blank.
  bool plain_value(std::string& value) {
    std::string_view line = rest_.substr(0, rest_.find('\n'));
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '#' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t')) {
        line = line.substr(0, i);
      }
    }
    value = trim(line);
    return true;
  }

  bool quoted_value(std::string_view name, std::string& value) {
    const char quote = rest_.front();
    const std::size_t start_line = line_;
    const std::string_view after_quote = rest_.substr(1);
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_.front() != quote) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '\n') ++line_;
      if (c == '\r' && rest_.starts_with('\n')) continue;
      if (c == '\\' && quote == '"' && !rest_.empty()) {
        c = unescape(rest_.front(), value);
        if (rest_.front() == '\n') ++line_;
        rest_.remove_prefix(1);
      }
      value += c;
    }
    if (rest_.empty()) {
      // Only the first line is lost: the rest may be good, and one slip should not hide others.
      rest_ = after_quote;
      line_ = start_line;
      problem(start_line, fmt::format("the quote that opens the value of {} is not closed", name));
      return false;
    }
    rest_.remove_prefix(1);
    skip_blanks();
    if (at_end_of_line() || rest_.front() == '#') return true;
    problem(line_, fmt::format("there is text after the closing quote of {}", name));
    return false;
  }

  // The character that \c stands for. An unknown escape keeps its backslash.
  static char unescape(char c, std::string& value) {
    switch (c) {
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case '"':
      case '\\':
      case '$':
        return c;
      default:
        value += '\\';
        return c;
    }
  }

  std::string_view rest_;
  std::string_view file_;
  std::size_t line_ = 1;
  EnvText result_;
};

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

std::unexpected<Error> cannot_read(const std::filesystem::path& path, std::string_view why) {
  return fail(ErrorKind::unavailable, "settings.file",
              fmt::format("cannot read {}: {}", path.string(), why));
}

}  // namespace

EnvText parse_env(std::string_view text, std::string_view file_name) {
  return Parser(text, file_name).run();
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) return cannot_read(path, std::strerror(errno));
  std::string content;
  std::string chunk(4096, '\0');
  for (;;) {
    const ssize_t got = ::read(file.fd, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot_read(path, std::strerror(errno));
    if (got == 0) return content;
    content.append(chunk, 0, static_cast<std::size_t>(got));
    if (content.size() > max_bytes) {
      return cannot_read(path, fmt::format("it is larger than {} bytes", max_bytes));
    }
  }
}

}  // namespace selvage::detail
