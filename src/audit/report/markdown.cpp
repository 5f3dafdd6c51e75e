#include <fmt/format.h>

#include "audit/report.hpp"
#include "audit/report/groups.hpp"
#include "audit/report/markup.hpp"

namespace selvage::audit {

std::string markdown_report(const Report& report) {
  const Grade all = report.overall();
  std::string out =
      fmt::format("# Audit of {}\n\nGrade **{}**, {} of 100 points: {}",
                  markdown_text(report.stack), all.letter, all.points, in_words(all.counts));
  if (!report.set_aside.empty()) out += fmt::format("; {} set aside", report.set_aside.size());
  out +=
      ".\n\n| area | grade | critical | high | medium | low | info "
      "|\n|---|---|---|---|---|---|---|\n";
  for (const Grade& grade : report.grades()) {
    out += fmt::format("| {} | {} |", grade.family->title, grade.letter);
    for (std::size_t i = grade.counts.size(); i-- > 0;)
      out += fmt::format(" {} |", grade.counts[i]);
    out += "\n";
  }
  for (const Group& group : groups_of(report)) {
    out += fmt::format("\n## {}: {} ({})\n\n{}\n\n", name(group.severity),
                       markdown_text(group.rule->title), group.rule->id,
                       markdown_text(group.rule->why));
    const bool same = same_remedy(group);
    for (const Finding& finding : group.findings) {
      out += fmt::format("- {}: {}{}\n", markdown_text(where(finding.place)),
                         markdown_text(finding.message),
                         same ? "" : ". " + markdown_text(finding.remedy()));
    }
    if (same) {
      out += fmt::format("\n**Mend:** {}\n", markdown_text(group.findings.front().remedy()));
    }
  }
  if (!report.set_aside.empty()) {
    out += "\n## Set aside\n\n";
    for (const SetAside& aside : report.set_aside) {
      out += fmt::format("- {} {} ({}{})\n", aside.finding.rule->id,
                         markdown_text(where(aside.finding.place)), aside.by,
                         aside.reason.empty() ? "" : ": " + markdown_text(aside.reason));
    }
  }
  return out;
}

}  // namespace selvage::audit
