// Objects as files below one directory; the blocking half of LocalStorage.
//
// Every path is walked one part at a time from the root's descriptor and no symbolic link is
// followed, so nothing outside the root can be reached whatever stands in the tree. A new object is
// written to <root>/.tmp/, synced and renamed into its place; its directory is synced before put()
// returns. Directories appear with their first object and go with their last. Any thread, any
// number of processes on one root.
#pragma once

#include <filesystem>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "data/detail/file_descriptor.hpp"

namespace selvage::data {

// The keys must have passed check_key().
class ObjectFiles {
 public:
  // Creates the root and removes what processes that are gone left in <root>/.tmp/.
  [[nodiscard]] static Result<std::unique_ptr<ObjectFiles>> open(const std::filesystem::path& root);

  [[nodiscard]] Result<void> put(const std::string& key, std::string_view bytes);
  [[nodiscard]] Result<std::string> get(const std::string& key);
  [[nodiscard]] Result<bool> exists(const std::string& key);
  [[nodiscard]] Result<void> remove(const std::string& key);
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& prefix, std::size_t limit);
  // Writes and removes a small file.
  [[nodiscard]] Result<void> check_writable();

 private:
  // The directories on the way to an object, the root first, and the object's name in the last.
  struct Place {
    std::vector<FileDescriptor> directories;  // without the root
    std::vector<std::string> names;           // of these directories, then of the object
    int root = -1;
    [[nodiscard]] int parent() const {
      return directories.empty() ? root : directories.back().get();
    }
    [[nodiscard]] const char* name() const { return names.back().c_str(); }
  };
  // A file of ours in <root>/.tmp/, gone at the end unless it was renamed away.
  class Staged;

  ObjectFiles(std::filesystem::path root, FileDescriptor directory)
      : root_(std::move(root)), directory_(std::move(directory)) {}

  [[nodiscard]] Sys<Place> find(const std::string& key) const;
  [[nodiscard]] Sys<Place> make(const std::string& key);
  [[nodiscard]] Sys<FileDescriptor> staging() const;
  [[nodiscard]] Sys<Staged> stage(std::string_view bytes) const;
  [[nodiscard]] Sys<void> publish(Staged& staged, const std::string& key);
  void sweep_staging() const;
  [[nodiscard]] Error error(int code, std::string_view doing, std::string_view key) const;

  std::filesystem::path root_;
  FileDescriptor directory_;
  // Held alone from the creation of a directory until its parent is synced, shared by whoever
  // walks: nobody publishes into a directory that a power loss could still take away.
  std::shared_mutex growing_;
};

}  // namespace selvage::data
