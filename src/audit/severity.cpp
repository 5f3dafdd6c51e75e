#include "audit/severity.hpp"

#include <array>

namespace selvage::audit {

std::string_view name(Severity severity) {
  switch (severity) {
    case Severity::info:
      return "info";
    case Severity::low:
      return "low";
    case Severity::medium:
      return "medium";
    case Severity::high:
      return "high";
    case Severity::critical:
      return "critical";
  }
  return "";
}

std::string_view name(FixKind kind) {
  switch (kind) {
    case FixKind::none:
      return "none";
    case FixKind::safe:
      return "safe";
    case FixKind::behaviour:
      return "behaviour";
    case FixKind::proposal:
      return "proposal";
  }
  return "";
}

std::optional<Severity> parse_severity(std::string_view word) {
  for (const Severity severity :
       {Severity::info, Severity::low, Severity::medium, Severity::high, Severity::critical}) {
    if (word == name(severity)) return severity;
  }
  return std::nullopt;
}

}  // namespace selvage::audit
