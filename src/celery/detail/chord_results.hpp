// What a chord's callback is called with, from the entries its members left.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace selvage::celery {

// `parts`: [1, task id, state, result] each, in the order of the group. `saved_group` is what the
// sender kept of a group with groups inside, whose results are nested likewise. Answers a JSON
// array. Errors: celery.chord (unprocessable), whose message says which member failed and how.
[[nodiscard]] Result<std::string> chord_results(const std::vector<std::string>& parts,
                                                const std::optional<std::string>& saved_group);

// One entry.
[[nodiscard]] std::string chord_part(std::string_view task_id, std::string_view state,
                                     std::string_view result);

}  // namespace selvage::celery
