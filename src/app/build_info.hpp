// What was built: compiled into one file of its own.
#pragma once

#include <string_view>

namespace selvage::app {
extern const std::string_view kVersion;    // "0.1.0"
extern const std::string_view kGitSha;     // may be empty
extern const std::string_view kBuildDate;  // may be empty
}  // namespace selvage::app
