#include <fmt/format.h>

#include "audit/report.hpp"
#include "base/text.hpp"

namespace selvage::audit {

namespace {

// What the runner unescapes again; in a property ':' and ',' would end it.
std::string escaped(std::string_view text, bool property) {
  std::string out;
  for (const char c : mended_utf8(text)) {
    switch (c) {
      case '%':
        out += "%25";
        break;
      case '\r':
        out += "%0D";
        break;
      case '\n':
        out += "%0A";
        break;
      case ':':
        out += property ? "%3A" : ":";
        break;
      case ',':
        out += property ? "%2C" : ",";
        break;
      default:
        out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
  }
  return out;
}

std::string_view command(Severity severity) {
  switch (severity) {
    case Severity::critical:
    case Severity::high:
      return "error";
    case Severity::medium:
      return "warning";
    case Severity::low:
    case Severity::info:
      return "notice";
  }
  return "notice";
}

}  // namespace

std::string github_report(const Report& report) {
  std::string out;
  for (const Finding& finding : report.findings) {
    out +=
        fmt::format("::{} file={}", command(finding.severity), escaped(finding.place.file, true));
    if (finding.place.line > 0) {
      out += fmt::format(",line={},endLine={},col={}", finding.place.line, finding.place.end_line,
                         finding.place.column);
      if (finding.place.end_line == finding.place.line) {
        out += fmt::format(",endColumn={}", finding.place.end_column);
      }
    }
    out += fmt::format(",title={}::{}\n", escaped(finding.rule->id, true),
                       escaped(fmt::format("{} ({}). {}", finding.message, name(finding.severity),
                                           finding.remedy()),
                               false));
  }
  return out;
}

}  // namespace selvage::audit
