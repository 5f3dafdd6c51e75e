// Pictures and figures that tests compare with and that are not part of the repository: they lie in
// ../shared/data beside it, or where SELVAGE_SHARED_DATA says.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace selvage::test {

// Says loudly when it is not there.
inline std::optional<std::filesystem::path> shared_data(const std::string& name) {
  const char* elsewhere = std::getenv("SELVAGE_SHARED_DATA");
  const std::filesystem::path all =
      elsewhere != nullptr ? std::filesystem::path(elsewhere)
                           : std::filesystem::path(SELVAGE_SOURCE_DIR) / "../shared/data";
  if (std::filesystem::exists(all / name)) return all / name;
  MESSAGE("SKIPPED: " << (all / name).string()
                      << " is not there (SELVAGE_SHARED_DATA names its parent elsewhere)");
  return {};
}

}  // namespace selvage::test
