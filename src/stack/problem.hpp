// What a parser of this room found wrong in a file, and where. Parsers go on after a problem, so
// that one slip hides no other; each stops at kMaxProblems.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "stack/text.hpp"

namespace selvage::stack {

inline constexpr std::size_t kMaxProblems = 100;

struct Problem {
  Span span;
  std::string message;  // a sentence without the place and without a final full stop
};

// REQUIRES: begin <= end <= the size of the text.
[[nodiscard]] inline Span span_in(const Text& text, std::size_t begin, std::size_t end) {
  return {&text, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
}

inline void add_problem(std::vector<Problem>& problems, Span span, std::string message) {
  if (problems.size() < kMaxProblems) problems.push_back({span, std::move(message)});
}

}  // namespace selvage::stack
