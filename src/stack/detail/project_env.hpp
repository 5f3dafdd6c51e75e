// The variables that interpolation sees.
#pragma once

#include <filesystem>
#include <vector>

#include "stack/detail/loading.hpp"

namespace selvage::stack::detail {

struct EnvSource {
  std::filesystem::path path;
  Span named_at;  // unknown for a default file
};

// `above` and, for names it lacks, what the files say; a later file wins over an earlier one.
[[nodiscard]] Result<Environment> with_env_files(const Environment& above,
                                                 const std::vector<EnvSource>& files,
                                                 Loading& loading);

// Reads an env file; /dev/null is an empty one.
[[nodiscard]] Result<TextPtr> read_env_file(const std::filesystem::path& path, StackFile::Role role,
                                            Loading& loading);

}  // namespace selvage::stack::detail
