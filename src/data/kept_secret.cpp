#include "data/kept_secret.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/id.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "data/detail/file_descriptor.hpp"

namespace selvage::data {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kRandomBytes = 32;
constexpr std::size_t kMinLength = 32;
constexpr std::size_t kMaxLength = 4096;

std::unexpected<Error> unavailable(const fs::path& file, int code) {
  return fail(
      ErrorKind::unavailable, "secret.unavailable",
      fmt::format("the secret {} cannot be kept: {}", file.string(), std::strerror(code)),
      "give the user of this process write permission on the directory, or set the secret in "
      "the settings");
}

Result<Secret> read_secret(const fs::path& file, int fd) {
  const Sys<std::string> text = read_all(fd, kMaxLength);
  if (!text && text.error() != EFBIG) return unavailable(file, text.error());
  if (!text || trim(*text).size() < kMinLength) {
    return fail(ErrorKind::unavailable, "secret.damaged",
                fmt::format("the secret {} must have {} to {} characters", file.string(),
                            kMinLength, kMaxLength),
                "restore the file; or delete it to get a new secret, which ends all links and "
                "sessions that the old one signed");
  }
  struct stat found{};
  if (::fstat(fd, &found) == 0 && (found.st_mode & 077) != 0) {
    log::warning("secret_readable_by_others",
                 {{"file", file.string()}, {"hint", "chmod 600 the file"}});
  }
  return Secret(std::string(trim(*text)));
}

// Written aside, synced and linked into place: link(2) never replaces what another process has put
// there.
Sys<void> store_new_secret(int directory, const char* name) {
  const std::string aside = "." + random_token(16);
  const Sys<FileDescriptor> file = open_at(directory, aside.c_str(), O_WRONLY | O_CREAT | O_EXCL);
  if (!file) return std::unexpected(file.error());
  Sys<void> done = write_all(file->get(), random_token(kRandomBytes) + "\n");
  if (done) done = sync(file->get());
  if (done && ::linkat(directory, aside.c_str(), directory, name, 0) != 0 && errno != EEXIST) {
    done = std::unexpected(errno);
  }
  ::unlinkat(directory, aside.c_str(), 0);
  if (done) done = sync(directory);
  return done;
}

}  // namespace

Result<Secret> kept_secret(const fs::path& directory, std::string_view name) {
  const fs::path file = directory / name;
  std::error_code failed;
  if (directory.has_parent_path()) fs::create_directories(directory.parent_path(), failed);
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return unavailable(file, errno);
  const FileDescriptor parent(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent.get() < 0) return unavailable(file, errno);
  const std::string plain(name);
  Sys<FileDescriptor> found = open_at(parent.get(), plain.c_str(), O_RDONLY);
  if (!found && found.error() == ENOENT) {
    if (const Sys<void> stored = store_new_secret(parent.get(), plain.c_str()); !stored) {
      return unavailable(file, stored.error());
    }
    found = open_at(parent.get(), plain.c_str(), O_RDONLY);
  }
  if (!found) return unavailable(file, found.error());
  return read_secret(file, found->get());
}

}  // namespace selvage::data
