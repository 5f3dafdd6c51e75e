#include "audit/rule_pages.hpp"

#include <fmt/format.h>

#include "audit/report/markup.hpp"
#include "audit/report/paragraph.hpp"
#include "base/text.hpp"

namespace selvage::audit {

namespace {

std::string indented(std::string_view text) {
  std::string out;
  for (const std::string_view line : split(text, '\n')) out += fmt::format("    {}\n", line);
  return out;
}

std::string_view mend_in_words(FixKind fix) {
  switch (fix) {
    case FixKind::none:
      return "A person has to decide.";
    case FixKind::safe:
      return "The stack works as before, only better.";
    case FixKind::behaviour:
      return "Something works differently afterwards: look before you do it.";
    case FixKind::proposal:
      return "It needs a value that only you know.";
  }
  return "";
}

}  // namespace

std::string explain(const Rule& rule) {
  std::string out = fmt::format("{}\n\n", rule.id);
  out += paragraph("", fmt::format("{}.", rule.title));
  out += fmt::format("\n  severity  {}{}\n  area      {}\n", name(rule.severity),
                     rule.on_by_default ? "" : ", off unless the policy says on",
                     family_of(rule).title);
  out += paragraph("  source    ", rule.source);
  out += "\nWhy\n" + paragraph("  ", rule.why);
  out += "\nHow to mend it\n" + paragraph("  ", rule.how);
  out += paragraph("  ", mend_in_words(rule.fix));
  out += "\nFound in\n" + indented(rule.bad) + "\nNot found in\n" + indented(rule.good);
  out += "\nTo live with it\n" +
         paragraph("  ", fmt::format("# selvage: ignore {} REASON", rule.id)) +
         paragraph("  ", "or a waiver with a date in .selvage.yaml");
  return out;
}

std::string list_of_rules() {
  std::string out;
  const Family* last = nullptr;
  for (const Rule* rule : all_rules()) {
    const Family& family = family_of(*rule);
    if (&family != last) {
      out += fmt::format("{}{} ({})\n", last == nullptr ? "" : "\n", family.title, family.id);
    }
    last = &family;
    out += paragraph(fmt::format("  {:<26}{:<9}", rule->id, name(rule->severity)), rule->title);
  }
  return out;
}

std::string rules_reference() {
  std::string out = fmt::format(
      "# Rules of the audit\n\nPrinted by the binary itself (`tools/write_reference`): {} rules. "
      "How to "
      "use them: [the guide](../guides/audit.md).\n\nMends: *safe*: the stack works as before; "
      "*behaviour*: something works differently afterwards; *proposal*: it needs a value that only "
      "you know; *none*: a person has to decide.\n",
      all_rules().size());
  const Family* last = nullptr;
  for (const Rule* rule : all_rules()) {
    const Family& family = family_of(*rule);
    if (&family != last) out += fmt::format("\n## {}\n", family.title);
    last = &family;
    out += fmt::format("\n### {}\n\n**{}**: {}.{}\n\n{}\n\nMend ({}): {}\n\n", rule->id,
                       name(rule->severity), markdown_text(rule->title),
                       rule->on_by_default ? "" : " Off unless the policy says on.",
                       markdown_text(rule->why), name(rule->fix), markdown_text(rule->how));
    out += fmt::format("```yaml\n# found in\n{}\n# not found in\n{}\n```\n\nSource: {}.\n",
                       rule->bad, rule->good, markdown_text(rule->source));
  }
  return out;
}

}  // namespace selvage::audit
