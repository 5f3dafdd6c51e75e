// The heights of many people, from a table that somebody keeps beside their photos.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "sizing/measurements.hpp"

namespace selvage::app::size {

struct Person {
  double height_cm = 0;
  std::optional<sizing::Sex> sex;
};

using People = std::map<std::string, Person, std::less<>>;

inline constexpr std::size_t kMostHeightsBytes = 64'000'000;

// CSV as spreadsheets write it (quotes, CRLF, a byte order mark; commas or semicolons). With a
// header, its columns `name` (or `file`), `height_cm` (or `height`) and, if there is one, `sex` (or
// `gender`) are taken; without one the first two are. Empty lines are skipped.
// Errors: size.heights (invalid), which name the line.
[[nodiscard]] Result<People> parse_heights(std::string_view csv);

}  // namespace selvage::app::size
