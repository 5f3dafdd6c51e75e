// The report on a terminal, 80 columns wide.
#include <fmt/format.h>

#include <algorithm>

#include "audit/report.hpp"
#include "audit/report/groups.hpp"
#include "audit/report/paragraph.hpp"
#include "base/printable.hpp"

namespace selvage::audit {

namespace {

class Writer {
 public:
  Writer(const Report& report, TextStyle style) : report_(report), style_(style) {}

  std::string write() {
    if (!style_.summary_only) {
      head();
      for (const Group& group : groups_of(report_)) add(group);
      set_aside();
      areas();
    }
    last_line();
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string paint(std::string_view code, std::string_view text) const {
    return style_.colour ? fmt::format("\033[{}m{}\033[0m", code, text) : std::string(text);
  }
  static std::string_view colour_of(Severity severity) {
    switch (severity) {
      case Severity::critical:
        return "1;97;41";
      case Severity::high:
        return "1;31";
      case Severity::medium:
        return "1;33";
      case Severity::low:
        return "36";
      case Severity::info:
        return "2";
    }
    return "";
  }

  void head() {
    out_ += fmt::format("{}: {} service{}, {} file{}\n", paint("1", printable(report_.stack)),
                        report_.services, report_.services == 1 ? "" : "s", report_.files.size(),
                        report_.files.size() == 1 ? "" : "s");
  }

  void add(const Group& group) {
    out_ += fmt::format("\n{} {}\n", paint(colour_of(group.severity), name(group.severity)),
                        paint("1", group.rule->id));
    out_ += paragraph("  ", group.rule->title);
    const bool same = same_remedy(group);
    for (const Finding& finding : group.findings) {
      out_ += fmt::format("    {}\n", paint("4", printable(where(finding.place))));
      out_ += paragraph("      ", printable(finding.message));
      if (!same) out_ += paragraph("      mend: ", printable(finding.remedy()));
    }
    out_ += paragraph("  why:  ", group.rule->why);
    if (same) out_ += paragraph("  mend: ", printable(group.findings.front().remedy()));
    if (has_edit(group)) out_ += fmt::format("  edit: --fix {}\n", name(group.rule->fix));
  }

  static bool has_edit(const Group& group) {
    return std::ranges::any_of(group.findings,
                               [](const Finding& finding) { return !finding.changes.empty(); });
  }

  void set_aside() {
    if (report_.set_aside.empty()) return;
    out_ += "\nset aside:\n";
    for (const SetAside& aside : report_.set_aside) {
      if (aside.by == "baseline") continue;
      out_ += paragraph("  ",
                        printable(fmt::format("{} {} ({}: {})", aside.finding.rule->id,
                                              where(aside.finding.place), aside.by, aside.reason)));
    }
    std::size_t known = 0;
    for (const SetAside& aside : report_.set_aside) known += aside.by == "baseline" ? 1 : 0;
    if (known > 0) out_ += fmt::format("  {} known from the baseline\n", known);
  }

  void areas() {
    out_ += "\n";
    if (!report_.readable) out_ += "  Nothing else could be looked at: mend this first.\n";
    for (const Grade& grade : report_.grades()) {
      const char letter = grade.letter;
      const auto colour = letter <= 'B' ? "1;32" : letter == 'C' ? "1;33" : "1;31";
      out_ += fmt::format("  {}  {:<22} {}\n", paint(colour, std::string_view(&letter, 1)),
                          grade.family->title, in_words(grade.counts));
    }
    out_ += "\n";
  }

  void last_line() {
    const Grade all = report_.overall();
    out_ += fmt::format(
        "grade {}, {} of 100 points: {}{}\n", all.letter, all.points, in_words(all.counts),
        report_.set_aside.empty() ? "" : fmt::format("; {} set aside", report_.set_aside.size()));
  }

  const Report& report_;
  TextStyle style_;
  std::string out_;
};

}  // namespace

std::string text_report(const Report& report, TextStyle style) {
  return Writer(report, style).write();
}

}  // namespace selvage::audit
