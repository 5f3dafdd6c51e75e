#include "app/build_info.hpp"

namespace selvage::app {
const std::string_view kVersion = SELVAGE_VERSION;
const std::string_view kGitSha = SELVAGE_GIT_SHA;
const std::string_view kBuildDate = SELVAGE_BUILD_DATE;
}  // namespace selvage::app
