#include "stack/text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/text.hpp"

namespace selvage::stack {

namespace {

std::size_t code_points(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    text.remove_prefix(std::max<std::size_t>(1, utf8_sequence(text)));
    ++count;
  }
  return count;
}

std::unexpected<Error> cannot_read(const std::filesystem::path& path, std::string_view why,
                                   std::string hint) {
  return fail(ErrorKind::invalid, "stack.file", fmt::format("{}: {}", shown_path(path), why),
              std::move(hint));
}

struct Descriptor {
  int fd = -1;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

}  // namespace

Text::Text(std::string name, std::string bytes) : name_(std::move(name)), bytes_(std::move(bytes)) {
  SELVAGE_CHECK(bytes_.size() <= UINT32_MAX);
  starts_.push_back(0);
  for (std::size_t i = 0; (i = bytes_.find('\n', i)) != std::string::npos;) {
    starts_.push_back(static_cast<std::uint32_t>(++i));
  }
}

Result<TextPtr> Text::read(const std::filesystem::path& path) {
  // O_NONBLOCK: a named pipe must not hold us up
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.fd < 0) {
    return cannot_read(path, std::strerror(errno), "name a file that exists and can be read");
  }
  struct stat about{};
  if (::fstat(file.fd, &about) != 0 || !S_ISREG(about.st_mode)) {
    return cannot_read(path, S_ISDIR(about.st_mode) ? "is a directory" : "is not a regular file",
                       "name a file");
  }
  const auto too_large = [&] {
    return fail(ErrorKind::too_large, "stack.file_size",
                fmt::format("{}: is larger than {} bytes", shown_path(path), kMaxFileBytes),
                "a file of a stack is a few kilobytes; name another");
  };
  if (static_cast<std::uint64_t>(about.st_size) > kMaxFileBytes) return too_large();
  std::string bytes;
  char block[65536];
  while (true) {
    const ssize_t n = ::read(file.fd, block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return cannot_read(path, std::strerror(errno), "check the file");
    if (n == 0) break;
    bytes.append(block, static_cast<std::size_t>(n));
    if (bytes.size() > kMaxFileBytes) return too_large();
  }
  return std::make_shared<const Text>(shown_path(path), std::move(bytes));
}

std::string shown_path(const std::filesystem::path& path) {
  if (path.is_relative()) return path.lexically_normal().string();
  std::error_code ignored;  // without a working directory every path is absolute
  const auto here = std::filesystem::current_path(ignored);
  const std::string near = path.lexically_relative(here).string();
  return near.empty() || near == "." || near.starts_with("..") ? path.string() : near;
}

Place Text::place(std::size_t offset) const {
  offset = std::min(offset, bytes_.size());
  const auto after = std::ranges::upper_bound(starts_, offset);
  const std::size_t line = static_cast<std::size_t>(after - starts_.begin());
  const std::size_t start = starts_[line - 1];
  return {line, 1 + code_points(bytes().substr(start, offset - start))};
}

std::size_t Text::line_start(std::size_t line) const {
  return line <= starts_.size() ? starts_[std::max<std::size_t>(line, 1) - 1] : bytes_.size();
}

Place Span::place() const { return file != nullptr ? file->place(begin) : Place{}; }

std::string_view Span::bytes() const {
  return file != nullptr ? file->bytes().substr(begin, end - begin) : std::string_view{};
}

std::string Span::where() const {
  if (file == nullptr) return {};
  const Place at = place();
  return fmt::format("{}:{}:{}", file->name(), at.line, at.column);
}

}  // namespace selvage::stack
