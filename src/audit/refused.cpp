// From the error that ends reading a stack to a finding.
#include <array>
#include <charconv>

#include "audit/audit.hpp"
#include "audit/detail/refusal.hpp"
#include "base/text.hpp"

namespace selvage::audit {

namespace {

struct Row {
  std::string_view code;  // a whole code, or what it begins with when it ends with '.'
  std::string_view rule;
  std::string_view said;  // what the message must hold, where one code has several rules
};

constexpr std::array kRows = {
    Row{"yaml.", "cmp-parse"},
    Row{"compose.interpolation", "cmp-parse"},
    Row{"compose.required", "cmp-parse"},
    Row{"compose.merge", "cmp-parse"},
    Row{"compose.unknown_key", "cmp-parse"},
    Row{"compose.type", "cmp-parse"},
    Row{"compose.port", "cmp-parse"},
    Row{"compose.volume", "cmp-parse"},
    Row{"compose.project_name", "cmp-parse"},
    Row{"compose.env_file", "cmp-parse"},
    Row{"compose.include", "cmp-undefined-ref"},
    Row{"compose.extends", "cmp-undefined-ref"},
    Row{"compose.reference", "cmp-profile-dep", "in a profile"},
    Row{"compose.reference", "cmp-undefined-ref"},
    Row{"compose.cycle", "cmp-cycle"},
    Row{"compose.conflict", "cmp-container-name-dup", "has the container_name of"},
    Row{"compose.conflict", "cmp-conflict"},
};

const Rule* rule_for(std::string_view code, std::string_view message) {
  for (const Row& row : kRows) {
    const bool same = code == row.code || (row.code.ends_with('.') && code.starts_with(row.code));
    if (same && message.contains(row.said)) return find_rule(row.rule);
  }
  return nullptr;
}

std::size_t number_at(std::string_view& text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data() + text.size() || *end != ':') return 0;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return number;
}

// Takes "file:line:column: " off the front of `message`.
Place take_place(std::string_view& message) {
  for (auto colon = message.find(':'); colon != message.npos;
       colon = message.find(':', colon + 1)) {
    std::string_view rest = message.substr(colon + 1);
    const std::size_t line = number_at(rest);
    const std::size_t column = line == 0 ? 0 : number_at(rest);
    if (column == 0) continue;
    Place place{std::string(message.substr(0, colon)), line, column, line, column};
    message = trim(rest);
    return place;
  }
  return {};
}

}  // namespace

std::optional<Finding> finding_of(const Error& error, const Policy& policy) {
  const Rule* rule = rule_for(error.code, error.message);
  if (rule == nullptr) return std::nullopt;
  const std::string whole = error.describe();
  std::string_view message = whole;
  Finding finding{.rule = rule, .severity = policy.severity_of(*rule)};
  finding.place = take_place(message);
  finding.message = std::string(message);
  finding.how = error.hint;
  finding.subject = error.code;
  return finding;
}

std::optional<Report> refused(const Error& error, const Question& question) {
  auto finding = finding_of(error, question.policy);
  if (!finding) return std::nullopt;
  Report report{.stack = "a stack that cannot be read", .readable = false};
  if (!finding->place.file.empty()) report.files.push_back(finding->place.file);
  report.findings.push_back(*std::move(finding));
  give_fingerprints(report.findings);
  return report;
}

}  // namespace selvage::audit
