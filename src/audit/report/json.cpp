#include "base/json.hpp"

#include <boost/json.hpp>

#include "audit/report.hpp"
#include "base/text.hpp"

namespace selvage::audit {

namespace {

json::object counts_json(const std::array<std::size_t, 5>& counts) {
  json::object object;
  for (std::size_t i = counts.size(); i-- > 0;) object[name(Severity(i))] = counts[i];
  return object;
}

json::object finding_json(const Finding& finding) {
  json::object object;
  object["rule"] = finding.rule->id;
  object["severity"] = name(finding.severity);
  object["family"] = family_of(*finding.rule).id;
  object["file"] = mended_utf8(finding.place.file);
  if (finding.place.line > 0) {
    object["line"] = finding.place.line;
    object["column"] = finding.place.column;
    object["end_line"] = finding.place.end_line;
    object["end_column"] = finding.place.end_column;
  }
  object["subject"] = mended_utf8(finding.subject);
  object["message"] = mended_utf8(finding.message);
  object["why"] = finding.rule->why;
  object["how"] = mended_utf8(finding.remedy());
  object["fix"] = name(finding.rule->fix);
  object["edit"] = !finding.changes.empty();
  object["fingerprint"] = finding.fingerprint;
  if (!finding.service.empty()) object["service"] = mended_utf8(finding.service);
  json::array also;
  for (const Finding& twin : finding.twins) also.emplace_back(mended_utf8(twin.service));
  if (!also.empty()) object["also"] = std::move(also);
  return object;
}

}  // namespace

std::string json_report(const Report& report) {
  json::object object;
  object["stack"] = mended_utf8(report.stack);
  object["services"] = report.services;
  json::array files;
  for (const std::string& file : report.files) files.emplace_back(mended_utf8(file));
  object["files"] = std::move(files);
  json::array findings;
  for (const Finding& finding : report.findings) findings.push_back(finding_json(finding));
  object["findings"] = std::move(findings);
  json::array asides;
  for (const SetAside& aside : report.set_aside) {
    json::object row = finding_json(aside.finding);
    row["by"] = aside.by;
    row["reason"] = mended_utf8(aside.reason);
    asides.push_back(std::move(row));
  }
  object["set_aside"] = std::move(asides);
  object["counts"] = counts_json(report.counts());
  json::array areas;
  for (const Grade& grade : report.grades()) {
    areas.push_back({{"family", grade.family->id},
                     {"title", grade.family->title},
                     {"grade", std::string_view(&grade.letter, 1)},
                     {"points", grade.points},
                     {"counts", counts_json(grade.counts)}});
  }
  object["areas"] = std::move(areas);
  const Grade all = report.overall();
  object["grade"] = std::string_view(&all.letter, 1);
  object["points"] = all.points;
  return json::dump(object) + "\n";
}

}  // namespace selvage::audit
