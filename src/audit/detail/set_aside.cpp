#include "audit/detail/set_aside.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "audit/detail/ignore_comment.hpp"
#include "audit/detail/place.hpp"

namespace selvage::audit {

namespace {

std::string date_text(std::chrono::year_month_day date) {
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

class Sorter {
 public:
  Sorter(Report& report, const Question& question, const std::function<bool(const Rule&)>& wanted)
      : report_(report), question_(question), wanted_(wanted) {}

  void by_comments(const stack::Text& text) {
    for (const IgnoreComment& comment : ignore_comments(text)) {
      const Place place = place_of(comment.span);
      const std::string subject = fmt::format("comment {}", fmt::join(comment.rules, ","));
      if (comment.rules.empty() || comment.reason.empty()) {
        tell("aud-ignore-no-reason", place, subject,
             "The comment names no rule and reason, so it does not count");
        continue;
      }
      for (const std::string& rule : comment.rules) {
        const std::size_t hit = move_if(
            [&](const Finding& finding) {
              return finding.rule->id == rule && finding.place.file == text.name() &&
                     finding.place.line == comment.for_line;
            },
            "comment", comment.reason);
        if (hit == 0 && is_judged(rule)) {
          tell("aud-ignore-unused", place, fmt::format("comment {}", rule),
               fmt::format("The comment ignores {}, which finds nothing here", rule));
        }
      }
    }
  }

  void by_waivers() {
    for (const Waiver& waiver : question_.policy.waivers) {
      const std::string subject = fmt::format("waiver {} {}", waiver.rule, waiver.service);
      if (waiver.until < question_.today) {
        tell("aud-waiver-expired", waiver.place, subject,
             fmt::format("The waiver of {} for {} ended on {}", waiver.rule, waiver.service,
                         date_text(waiver.until)));
        continue;
      }
      const std::size_t hit = move_if(
          [&](const Finding& finding) {
            return finding.rule->id == waiver.rule &&
                   (waiver.service == "*" || finding.service == waiver.service);
          },
          "waiver", fmt::format("{}, until {}", waiver.reason, date_text(waiver.until)));
      if (hit == 0 && is_judged(waiver.rule)) {
        tell("aud-waiver-unused", waiver.place, subject,
             fmt::format("The waiver of {} for {} fits no finding", waiver.rule, waiver.service));
      }
    }
  }

  void by_baseline() {
    move_if(
        [&](const Finding& finding) {
          return question_.baseline.fingerprints.contains(finding.fingerprint);
        },
        "baseline", "");
  }

  void finish() {
    give_fingerprints(told_);
    std::ranges::move(told_, std::back_inserter(report_.findings));
  }

 private:
  template <class Fits>
  std::size_t move_if(Fits fits, std::string_view by, const std::string& reason) {
    std::vector<Finding> kept;
    std::size_t count = 0;
    for (Finding& finding : report_.findings) {
      if (!fits(finding)) {
        kept.push_back(std::move(finding));
        continue;
      }
      report_.set_aside.push_back({std::move(finding), std::string(by), reason});
      ++count;
    }
    report_.findings = std::move(kept);
    return count;
  }

  // A rule that did not look finds nothing; that says nothing about a waiver of it.
  [[nodiscard]] bool is_judged(std::string_view id) const {
    const Rule* rule = find_rule(id);
    return rule == nullptr || wanted_(*rule);
  }

  void tell(std::string_view id, const Place& place, std::string subject, std::string message) {
    const Rule* rule = find_rule(id);
    SELVAGE_CHECK(rule != nullptr);
    if (!wanted_(*rule)) return;
    told_.push_back({.rule = rule,
                     .severity = question_.policy.severity_of(*rule),
                     .place = place,
                     .message = std::move(message),
                     .subject = std::move(subject)});
  }

  Report& report_;
  const Question& question_;
  const std::function<bool(const Rule&)>& wanted_;
  std::vector<Finding> told_;
};

}  // namespace

void set_aside(Report& report, const Stack& stack, const Question& question,
               const std::function<bool(const Rule&)>& wanted) {
  Sorter sorter(report, question, wanted);
  std::set<std::string_view> seen;  // a file may be read more than once, as by extends
  for (const stack::StackFile& file : stack.project.files) {
    if (file.text != nullptr && seen.insert(file.text->name()).second) {
      sorter.by_comments(*file.text);
    }
  }
  sorter.by_waivers();
  sorter.by_baseline();
  sorter.finish();
}

}  // namespace selvage::audit
