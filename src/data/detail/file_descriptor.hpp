// A file descriptor with one owner, and whole-file reading and writing on it.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace selvage::data {

// The value of a system call, or its errno.
template <class T>
using Sys = std::expected<T, int>;

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor();

  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_ = -1;
};

// openat(2) with O_CLOEXEC and O_NOFOLLOW added; a new file is readable by its owner alone.
[[nodiscard]] Sys<FileDescriptor> open_at(int directory, const char* name, int flags);
[[nodiscard]] Sys<void> write_all(int fd, std::string_view bytes);
[[nodiscard]] Sys<void> sync(int fd);
// The content from the current position on; EFBIG when it is longer than `at_most`.
[[nodiscard]] Sys<std::string> read_all(int fd, std::size_t at_most);

}  // namespace selvage::data
