// What `selvage audit` was asked, checked.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/command.hpp"
#include "audit/audit.hpp"
#include "audit/report.hpp"

namespace selvage::app {

struct AuditQuestion {
  stack::LoadOptions load;
  std::filesystem::path policy;          // empty: there is none
  std::filesystem::path baseline;        // empty: none
  std::filesystem::path write_baseline;  // empty: do not
  std::filesystem::path output;          // empty: standard output
  audit::Format format = audit::Format::text;
  std::optional<audit::Severity> fail_on;  // nullopt: never
  std::set<std::string, std::less<>> only;
  bool summary_only = false;
  std::optional<audit::FixKind> fix;  // safe or behaviour; nullopt: mend nothing
  bool write = false;
};

// Errors: audit.usage (invalid).
[[nodiscard]] Result<AuditQuestion> parse_audit_question(const Invocation& invocation);

// The rule, with the nearest name as a hint in the error: audit.rule (invalid).
[[nodiscard]] Result<const audit::Rule*> known_rule(std::string_view id);

}  // namespace selvage::app
