// ObjectFiles::list: keys in order without reading more directories than the prefix and the limit
// ask for.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "data/detail/directory_names.hpp"
#include "data/detail/object_files.hpp"
#include "data/object_storage.hpp"

namespace selvage::data {

namespace {

struct Listing {
  const std::string& prefix;
  std::size_t limit;
  std::vector<std::string> keys;
};

// Whether keys that begin with `path` can begin with `prefix`.
bool may_match(std::string_view path, std::string_view prefix) {
  const std::size_t common = std::min(path.size(), prefix.size());
  return path.substr(0, common) == prefix.substr(0, common);
}

// `path` is the directory's, with a slash at its end unless it is the root.
Sys<void> list_directory(int directory, const std::string& path, Listing& listing) {
  Sys<std::vector<DirectoryName>> names = read_directory(directory);
  if (!names) return std::unexpected(names.error());
  // With its slash a directory sorts where its keys do: "a-b" < "a/b" although "a" < "a-b".
  for (DirectoryName& entry : *names) {
    if (entry.is_directory) entry.name += '/';
  }
  std::ranges::sort(*names, {}, &DirectoryName::name);
  for (const DirectoryName& entry : *names) {
    if (listing.keys.size() >= listing.limit) return {};
    const std::string key = path + entry.name;
    if (!may_match(key, listing.prefix)) continue;
    if (!entry.is_directory) {
      // Files that somebody else put here are none of ours.
      if (key.starts_with(listing.prefix) && check_key(key)) listing.keys.push_back(key);
      continue;
    }
    const std::string name = entry.name.substr(0, entry.name.size() - 1);
    if (!check_key(path + name)) continue;  // also ends a tree that is deeper than any key
    const Sys<FileDescriptor> inner = open_at(directory, name.c_str(), O_RDONLY | O_DIRECTORY);
    if (!inner) {
      if (inner.error() == ENOENT) continue;  // its last object has just been removed
      return std::unexpected(inner.error());
    }
    if (Sys<void> listed = list_directory(inner->get(), key, listing); !listed) return listed;
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> ObjectFiles::list(const std::string& prefix, std::size_t limit) {
  Listing listing{prefix, limit, {}};
  if (Sys<void> listed = list_directory(directory_.get(), {}, listing); !listed) {
    return std::unexpected(error(listed.error(), "listing", prefix));
  }
  return std::move(listing.keys);
}

}  // namespace selvage::data
