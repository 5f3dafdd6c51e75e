#include "stack/replace_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/id.hpp"

namespace selvage::stack {

namespace {

namespace fs = std::filesystem;

std::unexpected<Error> cannot(std::string_view what, const fs::path& path, int error) {
  return fail(ErrorKind::unavailable, "stack.write",
              fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(error)),
              "check the folder's permissions and the free space");
}

struct Descriptor {
  int fd = -1;
  ~Descriptor() { close(); }
  int close() {
    const int closed = fd >= 0 ? ::close(fd) : 0;
    fd = -1;
    return closed;
  }
};

struct Temporary {
  fs::path path;
  bool kept = false;
  ~Temporary() {
    if (!kept) ::unlink(path.c_str());
  }
};

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

Result<void> replace_file(const fs::path& path, std::string_view bytes, std::uint32_t permissions) {
  std::error_code error;
  fs::path target = path;
  if (fs::is_symlink(path, error)) {
    target = fs::weakly_canonical(path, error);
    if (error) return cannot("follow", path, error.value());
  }
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  Temporary temporary{folder / fmt::format(".{}.{}", target.filename().string(), random_token(6))};
  Descriptor file{
      ::open(temporary.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (file.fd < 0) {
    const int why = errno;
    temporary.kept = true;  // there is nothing of ours to remove
    return cannot("write into", folder, why);
  }
  struct stat before{};
  if (::stat(target.c_str(), &before) == 0) {
    (void)!::fchown(file.fd, before.st_uid, before.st_gid);  // only root may; else it becomes ours
  }
  if (!write_all(file.fd, bytes) || ::fchmod(file.fd, permissions) != 0 || ::fsync(file.fd) != 0 ||
      file.close() != 0) {
    return cannot("write", target, errno);
  }
  if (::rename(temporary.path.c_str(), target.c_str()) != 0) {
    return cannot("replace", target, errno);
  }
  temporary.kept = true;
  const Descriptor directory{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (directory.fd < 0 || ::fsync(directory.fd) != 0) return cannot("sync", folder, errno);
  return {};
}

}  // namespace selvage::stack
