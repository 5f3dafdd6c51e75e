// What one process of the platform does.
#pragma once

#include <string>
#include <vector>

namespace selvage::app {

struct Roles {
  bool worker = false;
  bool api = false;
  bool beat = false;

  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    if (worker) names.emplace_back("worker");
    if (api) names.emplace_back("api");
    if (beat) names.emplace_back("beat");
    return names;
  }
};

}  // namespace selvage::app
