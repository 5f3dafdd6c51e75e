#include "audit/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace selvage::audit {

namespace {

constexpr std::array<int, 5> kCost = {0, 1, 4, 10, 25};  // points, by Severity

char letter_of(int points) {
  if (points >= 90) return 'A';
  if (points >= 75) return 'B';
  if (points >= 60) return 'C';
  if (points >= 40) return 'D';
  return 'F';
}

std::size_t at(Severity severity) { return static_cast<std::size_t>(severity); }

char capped(char letter, const std::array<std::size_t, 5>& counts) {
  if (counts[at(Severity::critical)] > 0) return std::max(letter, 'D');
  if (counts[at(Severity::high)] > 0) return std::max(letter, 'B');
  return letter;
}

}  // namespace

std::array<std::size_t, 5> Report::counts() const {
  std::array<std::size_t, 5> counts{};
  for (const Finding& finding : findings) ++counts[at(finding.severity)];
  return counts;
}

std::vector<Grade> Report::grades() const {
  std::vector<Grade> grades;
  if (!readable) return grades;
  for (const Rule* rule : all_rules()) {
    const Family* family = &family_of(*rule);
    if (grades.empty() || grades.back().family != family) grades.push_back({.family = family});
  }
  for (const Finding& finding : findings) {
    const auto grade = std::ranges::find(grades, &family_of(*finding.rule), &Grade::family);
    ++grade->counts[at(finding.severity)];
    grade->points = std::max(0, grade->points - kCost[at(finding.severity)]);
  }
  for (Grade& grade : grades) grade.letter = capped(letter_of(grade.points), grade.counts);
  return grades;
}

Grade Report::overall() const {
  Grade all{.counts = counts(), .points = 0};
  if (!readable) {
    all.letter = letter_of(0);
    return all;
  }
  const auto parts = grades();
  for (const Grade& grade : parts) all.points += grade.points;
  all.points = parts.empty() ? 100 : all.points / static_cast<int>(parts.size());
  all.letter = capped(letter_of(all.points), all.counts);
  return all;
}

std::string in_words(const std::array<std::size_t, 5>& counts) {
  std::vector<std::string> words;
  for (std::size_t i = counts.size(); i-- > 0;) {
    if (counts[i] > 0) words.push_back(fmt::format("{} {}", counts[i], name(Severity(i))));
  }
  return words.empty() ? "no findings" : join(words, ", ");
}

std::string write_report(const Report& report, Format format, TextStyle style) {
  switch (format) {
    case Format::text:
      return text_report(report, style);
    case Format::json:
      return json_report(report);
    case Format::sarif:
      return sarif_report(report);
    case Format::junit:
      return junit_report(report);
    case Format::github:
      return github_report(report);
    case Format::markdown:
      return markdown_report(report);
    case Format::html:
      return html_report(report);
  }
  return {};
}

std::optional<Format> parse_format(std::string_view word) {
  const auto words = split(kFormats, '|');
  const auto found = std::ranges::find(words, word);
  if (found == words.end()) return std::nullopt;
  return static_cast<Format>(found - words.begin());
}

}  // namespace selvage::audit
