#include "audit/audit.hpp"

#include <algorithm>

#include "audit/detail/refusal.hpp"
#include "audit/detail/set_aside.hpp"
#include "audit/sightings.hpp"

namespace selvage::audit {

namespace {

bool asked_for(const Rule& rule, const Question& question) {
  if (question.only.empty()) return question.policy.wants(rule);
  return question.only.contains(rule.id) || question.only.contains(family_of(rule).id);
}

void sort_worst_first(std::vector<Finding>& findings) {
  const auto order = [](const Finding& finding) {
    const auto rules = all_rules();
    const auto position = std::ranges::find(rules, finding.rule) - rules.begin();
    return std::tuple(-static_cast<int>(finding.severity), position,
                      std::string_view(finding.place.file), finding.place.line,
                      finding.place.column, std::string_view(finding.fingerprint));
  };
  std::ranges::sort(findings, {}, order);
}

}  // namespace

Report audit(const Stack& stack, const Question& question) {
  Report report{.stack = stack.project.name, .services = stack.services().size()};
  for (const stack::StackFile& file : stack.project.files) {
    if (file.text == nullptr) continue;
    const std::string& name = file.text->name();
    if (std::ranges::find(report.files, name) == report.files.end()) report.files.push_back(name);
  }
  for (const Rule* rule : all_rules()) {
    if (rule->look == nullptr || !asked_for(*rule, question)) continue;
    Sightings sightings(*rule, question.policy.severity_of(*rule));
    rule->look(stack, sightings);
    std::ranges::move(sightings.take(), std::back_inserter(report.findings));
  }
  for (const Error& refusal : stack.project.refusals) {
    auto finding = finding_of(refusal, question.policy);
    if (finding && asked_for(*finding->rule, question))
      report.findings.push_back(*std::move(finding));
  }
  give_fingerprints(report.findings);
  const auto wanted = [&](const Rule& rule) { return asked_for(rule, question); };
  set_aside(report, stack, question, wanted);
  sort_worst_first(report.findings);
  join_twins(report.findings);
  return report;
}

}  // namespace selvage::audit
