// What an audit found, for people and for programs.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/finding.hpp"

namespace selvage::audit {

// How an area of the stack stands. 100 points minus 25, 10, 4 and 1 for a critical, high, medium
// and low finding; a critical one leaves at most a D, a high one at most a B.
struct Grade {
  const Family* family = nullptr;
  std::array<std::size_t, 5> counts{};  // by Severity
  int points = 100;
  char letter = 'A';  // A from 90, B from 75, C from 60, D from 40, F
};

struct Report {
  std::string stack;               // the project's name
  std::vector<std::string> files;  // what was read
  std::size_t services = 0;
  bool readable = true;           // false: no rule could look, and the only grade is an F
  std::vector<Finding> findings;  // worst first, then by family, rule, file and line
  std::vector<SetAside> set_aside;

  [[nodiscard]] std::array<std::size_t, 5> counts() const;  // by Severity
  // A row for each family that has rules; none when the stack is not readable.
  [[nodiscard]] std::vector<Grade> grades() const;
  [[nodiscard]] Grade overall() const;  // of all findings; its points are the families' mean
};

// "3 critical, 1 high"; "no findings".
[[nodiscard]] std::string in_words(const std::array<std::size_t, 5>& counts);

enum class Format { text, json, sarif, junit, github, markdown, html };
inline constexpr std::string_view kFormats = "text|json|sarif|junit|github|markdown|html";

struct TextStyle {
  bool colour = false;
  bool summary_only = false;
};

// Each ends with a line end. Text of the stack's files is made harmless for where it is shown:
// control characters on terminals, markup in HTML, XML and Markdown, commands of GitHub's log.
[[nodiscard]] std::string text_report(const Report& report, TextStyle style);
[[nodiscard]] std::string json_report(const Report& report);
// SARIF 2.1.0; findings that were set aside carry suppressions.
[[nodiscard]] std::string sarif_report(const Report& report);
// A test suite a family, a test case a rule; severity and place in the failure's text.
[[nodiscard]] std::string junit_report(const Report& report);
// Workflow commands (::error file=...), which GitHub shows beside the changed lines.
[[nodiscard]] std::string github_report(const Report& report);
[[nodiscard]] std::string markdown_report(const Report& report);
// One file, without scripts and without anything from elsewhere.
[[nodiscard]] std::string html_report(const Report& report);

[[nodiscard]] std::string write_report(const Report& report, Format format, TextStyle style);
[[nodiscard]] std::optional<Format> parse_format(std::string_view word);

}  // namespace selvage::audit
