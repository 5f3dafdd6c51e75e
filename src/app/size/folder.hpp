// `selvage size FOLDER`: every photo of a folder and the folders in it, to CSV.
#pragma once

#include <filesystem>
#include <vector>

#include "app/size/question.hpp"

namespace selvage::app::size {

// Relative paths of the files that are pictures, by their first bytes or their names (so that a
// photo in a format we cannot read gets a row that says so), sorted; hidden ones are left out.
// Errors: size.file (invalid) when the folder cannot be read.
[[nodiscard]] Result<std::vector<std::filesystem::path>> find_photos(
    const std::filesystem::path& folder);

// Writes a row for each photo, in the order of their names and as soon as it is known, with all
// cores at work. A photo that cannot be sized has its reason in its row, and the rest goes on; only
// models, disks and outputs that fail end it. Answers the exit code: 0 when each photo has a size,
// else 1.
[[nodiscard]] Result<int> size_folder(const Question& question);

}  // namespace selvage::app::size
