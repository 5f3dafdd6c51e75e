#include "audit/audit.hpp"

#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "app/audit_question.hpp"
#include "app/command.hpp"
#include "audit/rule_pages.hpp"

namespace selvage::app {

namespace {

Result<void> write_file(const std::filesystem::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) {
    return fail(ErrorKind::unavailable, "audit.output",
                fmt::format("cannot write {}", path.string()),
                "does its folder exist, and may this user write there?");
  }
  return {};
}

Result<audit::Stack> read_stack(const AuditQuestion& question, const audit::Policy& policy) {
  auto project = TRY(stack::load_project(question.load));
  audit::Stack found = TRY(audit::stack_of(std::move(project), policy.choices));
  found.files_were_named = !question.load.files.empty();
  return found;
}

Result<audit::Report> look(const AuditQuestion& question, const audit::Policy& policy) {
  audit::Baseline baseline;
  if (!question.baseline.empty()) {
    const auto text = TRY(stack::Text::read(question.baseline));
    baseline = TRY(audit::Baseline::parse(text->bytes()));
  }
  const auto today = std::chrono::floor<std::chrono::days>(now());
  const audit::Question asked{policy, baseline, today, question.only};
  const auto found = read_stack(question, policy);
  if (found) return audit::audit(*found, asked);
  if (auto report = audit::refused(found.error(), asked)) return *std::move(report);
  return fail(found.error());
}

Result<int> tell(const AuditQuestion& question, const audit::Report& report) {
  const bool to_file = !question.output.empty();
  const bool colour = !to_file && isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  const std::string text =
      audit::write_report(report, question.format, {colour, question.summary_only});
  if (to_file) {
    TRY(write_file(question.output, text));
    std::fputs(audit::text_report(report, {.summary_only = true}).c_str(), stdout);
  } else {
    std::fputs(text.c_str(), stdout);
  }
  const bool failed = std::ranges::any_of(report.findings, [&](const audit::Finding& finding) {
    return question.fail_on && finding.severity >= *question.fail_on;
  });
  return failed ? 1 : 0;
}

Result<int> run(const Invocation& invocation) {
  if (invocation.has("--list-rules") || invocation.has("--reference")) {
    std::fputs(invocation.has("--reference") ? audit::rules_reference().c_str()
                                             : audit::list_of_rules().c_str(),
               stdout);
    return 0;
  }
  if (const auto id = invocation.value("--explain")) {
    std::fputs(audit::explain(*TRY(known_rule(*id))).c_str(), stdout);
    return 0;
  }
  const AuditQuestion question = TRY(parse_audit_question(invocation));
  audit::Policy policy;
  if (!question.policy.empty()) {
    policy = TRY(audit::Policy::parse(TRY(stack::Text::read(question.policy))));
  }
  const audit::Report report = TRY(look(question, policy));
  if (question.write_baseline.empty()) return tell(question, report);
  TRY(write_file(question.write_baseline, audit::baseline_of(report.findings)));
  fmt::print("{} holds {} findings that later audits with --baseline leave out\n",
             question.write_baseline.string(), report.findings.size());
  return 0;
}

}  // namespace

Command audit_command() {
  return {
      .name = "audit",
      .summary = "Tell what stands between a Compose stack and production.",
      .arguments = "[FOLDER|FILE...]",
      .details =
          "Reads the stack as docker compose does (overrides, extends, include, anchors, profiles, "
          ".env) and runs its rules over it. Each finding names file and line, says why it matters "
          "and how to mend it. Nothing is executed, fetched or changed, and no secret is shown. A "
          "folder stands for its default Compose files; several files are read in the order of -f. "
          "Variables that nobody sets get a placeholder, so a repository without its .env can be "
          "audited.\n"
          "Decisions belong into .selvage.yaml beside the stack: rules on and off, severities, "
          "waivers with reason and date. A comment \"# selvage: ignore RULE reason\" sets one line "
          "aside. See the guide docs/guides/audit.md.\n"
          "Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 wrong usage or policy, 3 a "
          "file cannot be read or written.\n"
          "  selvage audit deploy/\n"
          "  selvage audit compose.yaml compose.prod.yaml --format sarif --output audit.sarif\n"
          "  selvage audit --explain net-public-bind",
      .flags = {{"--format", "FORMAT", audit::kFormats},
                {"--output", "FILE", "write the report there, and one line here"},
                {"--fail-on", "SEVERITY",
                 "the least severity that gives exit code 1: info, low (default), medium, high, "
                 "critical, never"},
                {"--only", "RULE", "a rule or a family, such as net; may be repeated", "", true},
                {"--profile", "NAME", "enable a profile; \"*\" enables all", "", true},
                {"--policy", "FILE", "in place of .selvage.yaml beside the stack"},
                {"--baseline", "FILE", "leave out what this file knows"},
                {"--write-baseline", "FILE", "write what is found there, for --baseline"},
                {"--quiet", "", "the last line only"},
                {"--explain", "RULE", "what a rule looks for, why, and how to mend it"},
                {"--list-rules", "", "all rules, a line each"},
                {"--reference", "", "write the reference page of all rules in Markdown"}},
      .run = run};
}

}  // namespace selvage::app
