// A disk of a few hundred KiB that can be filled and made read-only: a tmpfs in a mount namespace
// of the test's own, which ends with the process whatever happens.
#pragma once

#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

#include "integration/data/scratch.hpp"

namespace selvage::data {

class SmallDisk {
 public:
  explicit SmallDisk(std::size_t kibibytes) {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
      problem_ = std::string("a mount namespace needs root: ") + std::strerror(errno);
      return;
    }
    const std::string options = "size=" + std::to_string(kibibytes) + "k";
    if (::mount("tmpfs", path().c_str(), "tmpfs", 0, options.c_str()) != 0) {
      problem_ = std::string("a tmpfs cannot be mounted: ") + std::strerror(errno);
    }
  }
  ~SmallDisk() {
    if (mounted()) ::umount2(path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  // False where the machine allows no mounts; problem() says why, and the test is skipped.
  [[nodiscard]] bool mounted() const { return problem_.empty(); }
  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] const std::filesystem::path& path() const { return scratch_.path(); }

  // Takes all the space that is left.
  void fill() {
    std::ofstream file(path() / "filler", std::ios::app | std::ios::binary);
    for (std::size_t size : {std::size_t{65536}, std::size_t{4096}, std::size_t{1}}) {
      const std::string block(size, 'x');
      while (file.write(block.data(), static_cast<std::streamsize>(size)).flush()) {
      }
      file.clear();
    }
  }
  void free_space() { std::filesystem::remove(path() / "filler"); }
  [[nodiscard]] bool make_read_only() {
    return ::mount(nullptr, path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0;
  }

 private:
  Scratch scratch_;
  std::string problem_;
};

}  // namespace selvage::data
