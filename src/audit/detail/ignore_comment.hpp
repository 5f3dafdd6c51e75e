// `# selvage: ignore RULE[,RULE] reason` in a file of the stack sets findings of its line aside;
// alone on a line, those of the next line that says something.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "stack/text.hpp"

namespace selvage::audit {

struct IgnoreComment {
  std::vector<std::string> rules;
  std::string reason;        // empty: it does not count
  std::size_t line = 0;      // where the comment stands
  std::size_t for_line = 0;  // whose findings it is about
  stack::Span span;
};

[[nodiscard]] std::vector<IgnoreComment> ignore_comments(const stack::Text& text);

}  // namespace selvage::audit
