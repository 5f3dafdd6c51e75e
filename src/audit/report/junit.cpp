#include <fmt/format.h>

#include "audit/report.hpp"
#include "audit/report/groups.hpp"
#include "audit/report/markup.hpp"

namespace selvage::audit {

namespace {

std::string failures_of(const Report& report, const Rule& rule) {
  std::string out;
  for (const Finding& finding : report.findings) {
    if (finding.rule != &rule) continue;
    // one failure a test case is what readers of this format expect; the rest is text in it
    if (out.empty()) {
      out = fmt::format("<failure type=\"{}\" message=\"{}\">", name(finding.severity),
                        markup_text(finding.message));
    }
    out += markup_text(fmt::format("{}: {}: {}\n  {}\n", where(finding.place),
                                   name(finding.severity), finding.message, finding.remedy()));
  }
  return out.empty() ? out : out + "</failure>";
}

}  // namespace

std::string junit_report(const Report& report) {
  std::string suites;
  std::size_t tests = 0;
  std::size_t failed = 0;
  for (const Family& family : all_families()) {
    std::string cases;
    std::size_t in_suite = 0;
    std::size_t failed_in_suite = 0;
    for (const Rule* rule : all_rules()) {
      if (&family_of(*rule) != &family) continue;
      const std::string failures = failures_of(report, *rule);
      ++in_suite;
      failed_in_suite += failures.empty() ? 0 : 1;
      cases += fmt::format("    <testcase classname=\"{}\" name=\"{}\"{}\n", family.id, rule->id,
                           failures.empty() ? "/>" : fmt::format(">{}</testcase>", failures));
    }
    if (in_suite == 0) continue;
    suites += fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\">\n{}"
        "  </testsuite>\n",
        markup_text(family.title), in_suite, failed_in_suite, cases);
    tests += in_suite;
    failed += failed_in_suite;
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuites name=\"selvage audit\" tests=\"{}\" failures=\"{}\" errors=\"0\">\n"
      "{}</testsuites>\n",
      tests, failed, suites);
}

}  // namespace selvage::audit
