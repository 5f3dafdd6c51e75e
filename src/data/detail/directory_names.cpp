#include "data/detail/directory_names.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>

namespace selvage::data {

Sys<std::vector<DirectoryName>> read_directory(int directory) {
  // A descriptor of its own: readdir moves the position, and closedir closes.
  const int fd = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return std::unexpected(errno);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(fd), &::closedir);
  std::vector<DirectoryName> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) {
      if (errno != 0) return std::unexpected(errno);
      return names;
    }
    if (entry->d_name[0] == '.') continue;
    struct stat found{};
    if (::fstatat(fd, entry->d_name, &found, AT_SYMLINK_NOFOLLOW) != 0) continue;  // just removed
    if (S_ISREG(found.st_mode) || S_ISDIR(found.st_mode)) {
      names.push_back({entry->d_name, S_ISDIR(found.st_mode)});
    }
  }
}

}  // namespace selvage::data
