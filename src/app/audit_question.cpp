#include "app/audit_question.hpp"

#include <algorithm>

#include "app/closest_word.hpp"
#include "base/text.hpp"

namespace selvage::app {

namespace {

namespace fs = std::filesystem;

std::unexpected<Error> usage(std::string message, std::string hint) {
  return fail(ErrorKind::invalid, "audit.usage", std::move(message), std::move(hint));
}

Result<void> take_places(AuditQuestion& question, const std::vector<std::string>& words) {
  std::error_code ignored;  // what cannot be asked is named below
  for (const std::string& word : words) {
    const fs::path path(word);
    if (fs::is_directory(path, ignored)) {
      if (words.size() > 1) {
        return usage(fmt::format("{} is a folder beside other arguments", in_quotes(word)),
                     "give one folder, or the Compose files in the order Compose reads them");
      }
      question.load.directory = path;
    } else if (fs::exists(path, ignored)) {
      question.load.files.push_back(path);
    } else {
      return usage(fmt::format("there is no file or folder {}", in_quotes(word)),
                   "for example: selvage audit deploy/, or selvage audit compose.yaml");
    }
  }
  if (words.empty()) question.load.directory = ".";
  return {};
}

fs::path default_policy(const AuditQuestion& question) {
  const fs::path folder = question.load.files.empty() ? question.load.directory
                                                      : question.load.files.front().parent_path();
  const fs::path policy = folder / ".selvage.yaml";
  std::error_code ignored;  // what cannot be asked is not there
  return fs::exists(policy, ignored) ? policy.lexically_normal() : fs::path();
}

Result<void> take_words(AuditQuestion& question, const Invocation& invocation) {
  if (const auto word = invocation.value("--format")) {
    const auto format = audit::parse_format(*word);
    if (!format) {
      return usage(fmt::format("there is no format {}", in_quotes(*word)),
                   fmt::format("one of {}", audit::kFormats));
    }
    question.format = *format;
  }
  const std::string fail_on = invocation.value("--fail-on").value_or("low");
  question.fail_on = audit::parse_severity(fail_on);
  if (!question.fail_on && fail_on != "never") {
    return usage(fmt::format("--fail-on cannot be {}", in_quotes(fail_on)),
                 "one of info, low, medium, high, critical, never");
  }
  if (const auto found = invocation.flags.find("--only"); found != invocation.flags.end()) {
    for (const std::string& word : found->second) {
      const auto families = audit::all_families();
      if (std::ranges::find(families, word, &audit::Family::id) == families.end()) {
        TRY(known_rule(word));
      }
      question.only.insert(word);
    }
  }
  return {};
}

Result<void> take_fix(AuditQuestion& question, const Invocation& invocation) {
  question.write = invocation.has("--write");
  const auto kind = invocation.value("--fix");
  if (!kind) {
    if (!question.write) return {};
    return usage("--write needs --fix", "selvage audit --fix safe --write");
  }
  if (*kind == "safe") question.fix = audit::FixKind::safe;
  if (*kind == "behaviour") question.fix = audit::FixKind::behaviour;
  if (!question.fix) {
    return usage(fmt::format("--fix cannot be {}", in_quotes(*kind)),
                 "safe: the stack works as before; behaviour: also what works differently then");
  }
  if (question.format != audit::Format::text || !question.output.empty() ||
      !question.write_baseline.empty()) {
    return usage("--fix shows a diff and writes no report",
                 "leave out --format, --output and --write-baseline");
  }
  return {};
}

}  // namespace

Result<const audit::Rule*> known_rule(std::string_view id) {
  if (const audit::Rule* rule = audit::find_rule(id)) return rule;
  std::vector<std::string_view> known;
  for (const audit::Rule* rule : audit::all_rules()) known.push_back(rule->id);
  const auto closest = closest_word(id, known);
  return fail(ErrorKind::invalid, "audit.rule", fmt::format("there is no rule {}", in_quotes(id)),
              closest ? fmt::format("did you mean {}?", *closest)
                      : "see them all with: selvage audit --list-rules");
}

Result<AuditQuestion> parse_audit_question(const Invocation& invocation) {
  AuditQuestion question;
  TRY(take_places(question, invocation.arguments));
  TRY(take_words(question, invocation));
  for (auto& [name, value] : process_environment()) question.load.environment.emplace(name, value);
  if (!invocation.env_file.empty()) question.load.env_files.emplace_back(invocation.env_file);
  if (const auto found = invocation.flags.find("--profile"); found != invocation.flags.end()) {
    question.load.profiles = found->second;
  }
  question.load.placeholders = true;
  question.policy = invocation.value("--policy").value_or(default_policy(question).string());
  question.baseline = invocation.value("--baseline").value_or("");
  question.write_baseline = invocation.value("--write-baseline").value_or("");
  question.output = invocation.value("--output").value_or("");
  question.summary_only = invocation.has("--quiet");
  if (question.summary_only && question.format != audit::Format::text) {
    return usage("--quiet shortens the text, and --format asks for something else",
                 "leave out one of them");
  }
  TRY(take_fix(question, invocation));
  return question;
}

}  // namespace selvage::app
