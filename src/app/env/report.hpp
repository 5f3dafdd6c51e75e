// What `selvage env` prints: lines of at most 80 columns, or JSON. Never a value.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "stack/env_check.hpp"
#include "stack/env_diff.hpp"

namespace selvage::app {

// "3 errors, 1 note" and what they are.
[[nodiscard]] std::string findings_text(const std::vector<stack::EnvFinding>& findings,
                                        std::string_view file);
[[nodiscard]] std::string findings_json(const std::vector<stack::EnvFinding>& findings,
                                        std::string_view file);

[[nodiscard]] std::string differences_text(const std::vector<stack::EnvDifference>& differences,
                                           std::string_view first, std::string_view second);
[[nodiscard]] std::string differences_json(const std::vector<stack::EnvDifference>& differences,
                                           std::string_view first, std::string_view second);

// "1 error", "2 errors".
[[nodiscard]] std::string counted(std::size_t count, std::string_view noun);
// `text` broken at blanks so that it fits 80 columns behind `indent` blanks; the first line has
// them, too.
[[nodiscard]] std::string indented(std::string_view text, std::size_t indent);

}  // namespace selvage::app
