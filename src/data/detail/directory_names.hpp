// What stands in one directory.
#pragma once

#include <string>
#include <vector>

#include "data/detail/file_descriptor.hpp"

namespace selvage::data {

struct DirectoryName {
  std::string name;
  bool is_directory = false;
};

// Regular files and directories, in no order, without names that begin with a dot and without
// links.
[[nodiscard]] Sys<std::vector<DirectoryName>> read_directory(int directory);

}  // namespace selvage::data
