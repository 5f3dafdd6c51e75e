// The console's built files, compiled into the binary.
#pragma once

#include <span>
#include <string_view>

namespace selvage::app {

struct Asset {
  std::string_view path;  // "index.html", "assets/index-4f2a.js"
  std::string_view content;
};
// Empty when the console was not built before the binary was.
[[nodiscard]] std::span<const Asset> console_assets();

}  // namespace selvage::app
