// SARIF 2.1.0, as code scanners of forges and editors read it.
#include <boost/json.hpp>

#include "audit/report.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace selvage::audit {

namespace {

std::string_view level(Severity severity) {
  switch (severity) {
    case Severity::critical:
    case Severity::high:
      return "error";
    case Severity::medium:
      return "warning";
    case Severity::low:
    case Severity::info:
      return "note";
  }
  return "none";
}

// What GitHub sorts by; it calls 9.0 and more critical, 7.0 high, 4.0 medium.
std::string_view security_severity(Severity severity) {
  switch (severity) {
    case Severity::critical:
      return "9.5";
    case Severity::high:
      return "8.0";
    case Severity::medium:
      return "5.5";
    case Severity::low:
      return "3.0";
    case Severity::info:
      return "0.5";
  }
  return "0.0";
}

json::object rule_json(const Rule& rule) {
  return {
      {"id", rule.id},
      {"name", rule.id},
      {"shortDescription", {{"text", rule.title}}},
      {"fullDescription", {{"text", rule.why}}},
      {"help", {{"text", rule.how}}},
      {"defaultConfiguration", {{"level", level(rule.severity)}, {"enabled", rule.on_by_default}}},
      {"properties",
       {{"security-severity", security_severity(rule.severity)},
        {"tags", json::array{family_of(rule).id}}}}};
}

// A relative reference as RFC 3986 wants it; a first segment with a colon would be a scheme.
std::string uri_of(std::string_view file) { return percent_encode(file, "/"); }

json::object region_json(const Place& place) {
  return {{"startLine", place.line},
          {"startColumn", place.column},
          {"endLine", place.end_line},
          {"endColumn", place.end_column}};
}

json::object result_json(const Finding& finding) {
  json::object place{{"artifactLocation", {{"uri", uri_of(finding.place.file)}}}};
  if (finding.place.line > 0) {
    place["region"] = region_json(finding.place);
  }
  std::size_t index = 0;
  for (const Rule* rule : all_rules()) {
    if (rule == finding.rule) break;
    ++index;
  }
  json::object location{{"physicalLocation", std::move(place)}};
  if (!finding.subject.empty()) {
    location["logicalLocations"] =
        json::array{json::object{{"fullyQualifiedName", mended_utf8(finding.subject)}}};
  }
  return {
      {"ruleId", finding.rule->id},
      {"ruleIndex", index},
      {"level", level(finding.severity)},
      {"message", {{"text", mended_utf8(finding.message) + ". " + mended_utf8(finding.remedy())}}},
      {"locations", json::array{std::move(location)}},
      {"partialFingerprints", {{"selvageFingerprint/v1", finding.fingerprint}}},
      {"properties", {{"security-severity", security_severity(finding.severity)}}}};
}

json::array fixes_json(const Finding& finding) {
  json::array changes;
  for (const Replacement& replacement : finding.replacements) {
    json::object change{{"deletedRegion", region_json(replacement.place)},
                        {"insertedContent", {{"text", mended_utf8(replacement.text)}}}};
    changes.push_back(json::object{{"artifactLocation", {{"uri", uri_of(replacement.place.file)}}},
                                   {"replacements", json::array{std::move(change)}}});
  }
  return json::array{json::object{{"description", {{"text", mended_utf8(finding.remedy())}}},
                                  {"artifactChanges", std::move(changes)}}};
}

json::array results_json(const Report& report) {
  json::array results;
  for (const Finding& finding : report.findings) {
    json::object result = result_json(finding);
    if (!finding.replacements.empty()) result["fixes"] = fixes_json(finding);
    results.push_back(std::move(result));
  }
  for (const SetAside& aside : report.set_aside) {
    json::object result = result_json(aside.finding);
    json::object suppression{{"kind", aside.by == "comment" ? "inSource" : "external"}};
    if (!aside.reason.empty()) suppression["justification"] = mended_utf8(aside.reason);
    result["suppressions"] = json::array{std::move(suppression)};
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace

std::string sarif_report(const Report& report) {
  json::array rules;
  for (const Rule* rule : all_rules()) rules.push_back(rule_json(*rule));
  json::object driver{{"name", "selvage"}, {"rules", std::move(rules)}};
  json::object run{{"tool", {{"driver", std::move(driver)}}},
                   {"columnKind", "unicodeCodePoints"},
                   {"results", results_json(report)}};
  const json::object log{{"$schema",
                          "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
                          "sarif-schema-2.1.0.json"},
                         {"version", "2.1.0"},
                         {"runs", json::array{std::move(run)}}};
  return json::dump(log) + "\n";
}

}  // namespace selvage::audit
