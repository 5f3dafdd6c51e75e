// Text that must not reach a log, an error, a URL or an image. It has no stream operator and no
// formatter; the only way out is reveal(), which is easy to search for.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace selvage {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  [[nodiscard]] const std::string& reveal() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }

 private:
  std::string value_;
};

}  // namespace selvage
