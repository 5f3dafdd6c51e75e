#include "audit/audit.hpp"

#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "app/audit_mend.hpp"
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
  stack::LoadOptions load = question.load;
  load.contradictions = true;
  auto project = TRY(stack::load_project(load));
  audit::Stack found = TRY(audit::stack_of(std::move(project), policy.choices));
  found.files_were_named = !question.load.files.empty();
  return found;
}

// One that Compose takes: edits are made to nothing else.
Result<audit::Stack> read_sound_stack(const AuditQuestion& question, const audit::Policy& policy) {
  audit::Stack found = TRY(read_stack(question, policy));
  if (!found.project.refusals.empty()) return fail(found.project.refusals.front());
  return found;
}

Result<audit::Baseline> read_baseline(const AuditQuestion& question) {
  if (question.baseline.empty()) return audit::Baseline{};
  const auto text = TRY(stack::Text::read(question.baseline));
  return audit::Baseline::parse(text->bytes());
}

audit::Question asked(const AuditQuestion& question, const audit::Policy& policy,
                      const audit::Baseline& baseline) {
  return {policy, baseline, std::chrono::floor<std::chrono::days>(now()), question.only};
}

Result<audit::Report> look(const AuditQuestion& question, const audit::Policy& policy) {
  const audit::Baseline baseline = TRY(read_baseline(question));
  const auto found = read_stack(question, policy);
  if (found) {
    audit::Report report = audit::audit(*found, asked(question, policy, baseline));
    if (question.format == audit::Format::sarif) audit::add_replacements(*found, report);
    return report;
  }
  if (auto report = audit::refused(found.error(), asked(question, policy, baseline))) {
    return *std::move(report);
  }
  return fail(found.error());
}

bool fails(const AuditQuestion& question, const audit::Report& report) {
  return std::ranges::any_of(report.findings, [&](const audit::Finding& finding) {
    return question.fail_on && finding.severity >= *question.fail_on;
  });
}

// The stack as it is now, which must be one that Compose reads and, by all rules, no worse than
// `before`.
Result<audit::Report> audit_again(const AuditQuestion& question, const audit::Policy& policy,
                                  const audit::Baseline& baseline, const audit::Report& before) {
  const audit::Stack found = TRY(read_sound_stack(question, policy));
  AuditQuestion whole = question;
  whole.only.clear();
  const audit::Report after = audit::audit(found, asked(whole, policy, baseline));
  if (const auto worse = made_worse(before, after); !worse.empty()) {
    return fail(ErrorKind::conflict, "audit.mend",
                fmt::format("the edits would bring {}: {}", worse.front()->rule->id,
                            worse.front()->message),
                "mend by hand, or one rule at a time with --only");
  }
  return audit::audit(found, asked(question, policy, baseline));
}

Result<int> make_edits(const AuditQuestion& question, const audit::Policy& policy,
                       const audit::Stack& found, const audit::Mending& mending) {
  const audit::Baseline baseline = TRY(read_baseline(question));
  AuditQuestion whole = question;
  whole.only.clear();
  const audit::Report before = audit::audit(found, asked(whole, policy, baseline));
  TRY(write_mending(mending));
  const auto after = audit_again(question, policy, baseline, before);
  if (!after) {
    TRY(undo_mending(mending));
    return fail(after.error().within("nothing was changed"));
  }
  fmt::print("mended {} findings in {} files; audited again:\n", mending.mended,
             mending.files.size());
  std::fputs(audit::text_report(*after, {.summary_only = true}).c_str(), stdout);
  return fails(question, *after) ? 1 : 0;
}

Result<int> mend(const AuditQuestion& question, const audit::Policy& policy) {
  const audit::Baseline baseline = TRY(read_baseline(question));
  const audit::Stack found = TRY(read_sound_stack(question, policy));
  const audit::Report report = audit::audit(found, asked(question, policy, baseline));
  const audit::Mending mending = audit::mend(found, report.findings, *question.fix);
  std::fputs(show_mending(mending).c_str(), stdout);
  if (!mending.files.empty() && question.write) {
    return make_edits(question, policy, found, mending);
  }
  if (mending.files.empty()) {
    fmt::print("nothing to mend: no finding has an edit of this kind\n");
  } else {
    fmt::print("{} of {} findings would be mended; --write makes these edits\n", mending.mended,
               report.findings.size());
  }
  return fails(question, report) ? 1 : 0;
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
  return fails(question, report) ? 1 : 0;
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
  if (question.fix) return mend(question, policy);
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
          "and how to mend it. Nothing is executed or fetched, nothing is changed but by --write, "
          "and "
          "no secret is shown. A "
          "folder stands for its default Compose files; several files are read in the order of -f. "
          "Variables that nobody sets get a placeholder, so a repository without its .env can be "
          "audited.\n"
          "Decisions belong into .selvage.yaml beside the stack: rules on and off, severities, "
          "waivers with reason and date. A comment \"# selvage: ignore RULE reason\" sets one line "
          "aside. See the guide docs/guides/audit.md.\n"
          "Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 wrong usage or policy, 3 a "
          "file cannot be read or written.\n"
          "  selvage audit deploy/\n"
          "  selvage audit compose.yaml --format sarif --output audit.sarif\n"
          "  selvage audit --fix safe --write\n"
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
                {"--fix", "KIND",
                 "show the edits that mend: safe (the stack works as before) or behaviour (also "
                 "what works differently then)"},
                {"--write", "", "with --fix: make them, audit again, put back what made it worse"},
                {"--explain", "RULE", "what a rule looks for, why, and how to mend it"},
                {"--list-rules", "", "all rules, a line each"},
                {"--reference", "", "write the reference page of all rules in Markdown"}},
      .run = run};
}

}  // namespace selvage::app
