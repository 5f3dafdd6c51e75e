// JSON as Python's repr() shows the value it stands for: what event monitors print for arguments,
// results and exceptions.
#pragma once

#include <string>
#include <string_view>

namespace selvage::celery {

enum class ReprOf {
  value,
  tuple  // the outermost list is a tuple, as a task's args are: "(1, 'a')", "(1,)", "()"
};

// REQUIRES: valid JSON. At most about `limit` bytes, with "..." where it was cut.
[[nodiscard]] std::string python_repr(std::string_view json, std::size_t limit,
                                      ReprOf what = ReprOf::value);
// The same for text that is no JSON: 'it\'s'.
[[nodiscard]] std::string python_repr_of_text(std::string_view text, std::size_t limit);

}  // namespace selvage::celery
