#include "data/detail/file_descriptor.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace selvage::data {

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Sys<FileDescriptor> open_at(int directory, const char* name, int flags) {
  for (;;) {
    const int fd = ::openat(directory, name, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0) return FileDescriptor(fd);
    if (errno != EINTR) return std::unexpected(errno);
  }
}

Sys<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return std::unexpected(errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Sys<void> sync(int fd) {
  // Not repeated after a failure: the kernel reports a lost page once and a second call would
  // succeed.
  if (::fsync(fd) != 0) return std::unexpected(errno);
  return {};
}

Sys<std::string> read_all(int fd, std::size_t at_most) {
  struct stat found{};
  if (::fstat(fd, &found) != 0) return std::unexpected(errno);
  const auto expected = static_cast<std::size_t>(std::max<off_t>(found.st_size, 0));
  if (expected > at_most) return std::unexpected(EFBIG);
  std::string bytes(expected + 1, '\0');  // one more, so that the end is seen without growing
  std::size_t size = 0;
  for (;;) {
    const ssize_t got = ::read(fd, bytes.data() + size, bytes.size() - size);
    if (got < 0) {
      if (errno == EINTR) continue;
      return std::unexpected(errno);
    }
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
    if (size > at_most) return std::unexpected(EFBIG);
    if (size == bytes.size()) bytes.resize(std::min(size * 2, at_most + 1));
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace selvage::data
