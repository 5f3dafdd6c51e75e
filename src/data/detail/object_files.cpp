#include "data/detail/object_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "base/id.hpp"
#include "base/text.hpp"
#include "data/detail/directory_names.hpp"
#include "data/object_storage.hpp"

namespace selvage::data {

namespace {

namespace fs = std::filesystem;

constexpr const char* kStaging = ".tmp";
// remove() of a neighbour may take a directory away between our walk and our rename, each time
// anew.
constexpr int kMaxTries = 100;

bool is_nothing(int code) {
  // A link or a file in the middle of the path holds no objects either.
  return code == ENOENT || code == ENOTDIR || code == ELOOP;
}

}  // namespace

class ObjectFiles::Staged {
 public:
  Staged(FileDescriptor staging, std::string name, FileDescriptor file)
      : staging_(std::move(staging)), name_(std::move(name)), file_(std::move(file)) {}
  Staged(Staged&& other) noexcept
      : staging_(std::move(other.staging_)),
        name_(std::exchange(other.name_, {})),
        file_(std::move(other.file_)) {}
  Staged& operator=(Staged&&) = delete;
  ~Staged() {
    if (!name_.empty()) ::unlinkat(staging_.get(), name_.c_str(), 0);
  }
  [[nodiscard]] int file() const { return file_.get(); }
  [[nodiscard]] Sys<void> rename_to(int directory, const char* name) {
    if (::renameat(staging_.get(), name_.c_str(), directory, name) != 0) {
      return std::unexpected(errno);
    }
    name_.clear();
    return {};
  }

 private:
  FileDescriptor staging_;
  std::string name_;
  FileDescriptor file_;  // locked for as long as it is staged
};

Result<std::unique_ptr<ObjectFiles>> ObjectFiles::open(const fs::path& root) {
  std::error_code failed;
  fs::create_directories(root, failed);  // the next call tells what is wrong
  const int fd = ::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  std::unique_ptr<ObjectFiles> files(new ObjectFiles(root, FileDescriptor(fd)));
  if (fd < 0) {
    return std::unexpected(files->error(failed ? failed.value() : errno, "opening", {}));
  }
  TRY(files->check_writable());
  files->sweep_staging();
  return files;
}

Sys<ObjectFiles::Place> ObjectFiles::find(const std::string& key) const {
  Place place;
  place.root = directory_.get();
  for (const std::string_view part : split(key, '/')) place.names.emplace_back(part);
  for (std::size_t i = 0; i + 1 < place.names.size(); ++i) {
    Sys<FileDescriptor> next =
        open_at(place.parent(), place.names[i].c_str(), O_RDONLY | O_DIRECTORY);
    if (!next) return std::unexpected(next.error());
    place.directories.push_back(std::move(*next));
  }
  return place;
}

Sys<ObjectFiles::Place> ObjectFiles::make(const std::string& key) {
  {
    const std::shared_lock lock(growing_);
    Sys<Place> found = find(key);
    if (found || found.error() != ENOENT) return found;
  }
  const std::unique_lock lock(growing_);
  FileDescriptor owned;
  int parent = directory_.get();
  const std::vector<std::string_view> parts = split(key, '/');
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    const std::string name(parts[i]);
    if (::mkdirat(parent, name.c_str(), 0700) == 0) {
      if (Sys<void> synced = sync(parent); !synced) return std::unexpected(synced.error());
    } else if (errno != EEXIST) {
      return std::unexpected(errno);
    }
    Sys<FileDescriptor> next = open_at(parent, name.c_str(), O_RDONLY | O_DIRECTORY);
    if (!next) return std::unexpected(next.error());
    owned = std::move(*next);
    parent = owned.get();
  }
  return find(key);
}

Sys<FileDescriptor> ObjectFiles::staging() const {
  if (::mkdirat(directory_.get(), kStaging, 0700) != 0 && errno != EEXIST) {
    return std::unexpected(errno);
  }
  return open_at(directory_.get(), kStaging, O_RDONLY | O_DIRECTORY);
}

Sys<ObjectFiles::Staged> ObjectFiles::stage(std::string_view bytes) const {
  Sys<FileDescriptor> directory = staging();
  if (!directory) return std::unexpected(directory.error());
  std::string name = random_token(16);
  Sys<FileDescriptor> file = open_at(directory->get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL);
  if (!file) return std::unexpected(file.error());
  Staged staged(std::move(*directory), std::move(name), std::move(*file));
  // The lock tells a sweeping process that this file is being written.
  if (::flock(staged.file(), LOCK_EX | LOCK_NB) != 0) return std::unexpected(errno);
  if (Sys<void> written = write_all(staged.file(), bytes); !written) {
    return std::unexpected(written.error());
  }
  return staged;
}

void ObjectFiles::sweep_staging() const {
  const Sys<FileDescriptor> directory = staging();
  if (!directory) return;  // check_writable() has just told whether the root is in order
  const Sys<std::vector<DirectoryName>> names = read_directory(directory->get());
  if (!names) return;
  for (const DirectoryName& entry : *names) {
    const Sys<FileDescriptor> file = open_at(directory->get(), entry.name.c_str(), O_RDONLY);
    if (!file || ::flock(file->get(), LOCK_EX | LOCK_NB) != 0) continue;
    ::unlinkat(directory->get(), entry.name.c_str(), 0);
  }
}

Sys<void> ObjectFiles::publish(Staged& staged, const std::string& key) {
  for (int tries = 0;; ++tries) {
    const Sys<Place> place = make(key);
    if (place) {
      const Sys<void> renamed = staged.rename_to(place->parent(), place->name());
      if (renamed) return sync(place->parent());
      if (renamed.error() != ENOENT) return renamed;
    } else if (place.error() != ENOENT) {
      return std::unexpected(place.error());
    }
    if (tries == kMaxTries) return std::unexpected(ENOENT);
  }
}

Result<void> ObjectFiles::put(const std::string& key, std::string_view bytes) {
  Sys<void> done = [&]() -> Sys<void> {
    for (int tries = 0;; ++tries) {
      Sys<Staged> staged = stage(bytes);
      if (!staged) {
        // A sweeping process saw the file in the moment before it was locked.
        if (staged.error() == EWOULDBLOCK && tries < kMaxTries) continue;
        return std::unexpected(staged.error());
      }
      if (Sys<void> synced = sync(staged->file()); !synced) return synced;
      Sys<void> published = publish(*staged, key);
      if (published || published.error() != ENOENT || tries > 0) return published;
    }
  }();
  if (!done) return std::unexpected(error(done.error(), "writing", key));
  return {};
}

Result<std::string> ObjectFiles::get(const std::string& key) {
  Sys<std::string> bytes = [&]() -> Sys<std::string> {
    const Sys<Place> place = find(key);
    if (!place) return std::unexpected(place.error());
    // Without O_NONBLOCK a named pipe would hold the thread for ever.
    const Sys<FileDescriptor> file = open_at(place->parent(), place->name(), O_RDONLY | O_NONBLOCK);
    if (!file) return std::unexpected(file.error());
    struct stat found{};
    if (::fstat(file->get(), &found) != 0) return std::unexpected(errno);
    if (!S_ISREG(found.st_mode)) return std::unexpected(ENOENT);
    return read_all(file->get(), kMaxObjectBytes);
  }();
  if (bytes) return std::move(*bytes);
  if (is_nothing(bytes.error())) {
    return fail(ErrorKind::not_found, "storage.not_found",
                fmt::format("there is no object {}", in_quotes(key)));
  }
  return std::unexpected(error(bytes.error(), "reading", key));
}

Result<bool> ObjectFiles::exists(const std::string& key) {
  const Sys<Place> place = find(key);
  int code = place ? 0 : place.error();
  if (place) {
    struct stat found{};
    if (::fstatat(place->parent(), place->name(), &found, AT_SYMLINK_NOFOLLOW) == 0) {
      return S_ISREG(found.st_mode);
    }
    code = errno;
  }
  if (is_nothing(code)) return false;
  return std::unexpected(error(code, "looking for", key));
}

// Not synced: an object that a power loss brings back is swept again.
Result<void> ObjectFiles::remove(const std::string& key) {
  const Sys<Place> place = find(key);
  if (!place) {
    if (is_nothing(place.error())) return {};
    return std::unexpected(error(place.error(), "removing", key));
  }
  if (::unlinkat(place->parent(), place->name(), 0) != 0 && !is_nothing(errno) && errno != EISDIR) {
    return std::unexpected(error(errno, "removing", key));
  }
  for (std::size_t depth = place->directories.size(); depth > 0; --depth) {
    const int above = depth == 1 ? place->root : place->directories[depth - 2].get();
    if (::unlinkat(above, place->names[depth - 1].c_str(), AT_REMOVEDIR) != 0) break;
  }
  return {};
}

Result<void> ObjectFiles::check_writable() {
  const Sys<Staged> staged = stage("selvage");
  if (!staged) return std::unexpected(error(staged.error(), "writing", {}));
  return {};
}

Error ObjectFiles::error(int code, std::string_view doing, std::string_view key) const {
  const std::string what = key.empty()
                               ? fmt::format("{} the object directory {}", doing, root_.string())
                               : fmt::format("{} {} in {}", doing, in_quotes(key), root_.string());
  switch (code) {
    case ENOSPC:
    case EDQUOT:
      return {ErrorKind::unavailable, "storage.full", what + ": the disk is full",
              "free space, then try again; no restart is needed", nullptr};
    case EFBIG:
      return {ErrorKind::too_large,
              "storage.too_large",
              fmt::format("{}: the object has more than {} bytes", what, kMaxObjectBytes),
              {},
              nullptr};
    case ENOTDIR:
    case EISDIR:
    case ENOTEMPTY:
    case ELOOP:
      return {ErrorKind::invalid, "storage.key",
              what + ": a part of the path is an object, or the path is a directory of objects",
              "choose another key", nullptr};
    case EACCES:
    case EPERM:
    case EROFS:
      return {ErrorKind::unavailable, "storage.unavailable",
              fmt::format("{}: {}", what, std::strerror(code)),
              "give the user of this process write permission, and check that the file system is "
              "not mounted read-only",
              nullptr};
    default:
      return {ErrorKind::unavailable, "storage.unavailable",
              fmt::format("{}: {}", what, std::strerror(code)),
              "check the disk and the STORAGE_URL setting", nullptr};
  }
}

}  // namespace selvage::data
