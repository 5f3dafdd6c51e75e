// Replaces a file so that a reader, or a loss of power, finds the old bytes or the new ones.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/error.hpp"

namespace selvage::stack {

// Writes beside it, syncs, renames, syncs the folder. The owner of an existing file stays when we
// may set it; a symbolic link is followed, so that what it names is replaced. Errors: stack.write
// (what, where); then the old file is untouched.
[[nodiscard]] Result<void> replace_file(const std::filesystem::path& path, std::string_view bytes,
                                        std::uint32_t permissions);

}  // namespace selvage::stack
