// One file for a browser or a mail: no script, nothing from elsewhere, charts as inline SVG.
#include <fmt/format.h>

#include <algorithm>

#include "audit/report.hpp"
#include "audit/report/groups.hpp"
#include "audit/report/markup.hpp"

namespace selvage::audit {

namespace {

constexpr std::string_view kStyle = R"(
:root{--bg:#fbfaf8;--card:#fff;--ink:#23211f;--soft:#6d6862;--line:#e4e0da;
--critical:#b3123a;--high:#d9480f;--medium:#c78a00;--low:#2b78b8;--info:#8a8680;--good:#2f8a4c}
@media(prefers-color-scheme:dark){:root{--bg:#191817;--card:#232120;--ink:#ece8e3;--soft:#a39d95;
--line:#393633;--critical:#ff5c7f;--high:#ff8a4c;--medium:#f0b840;--low:#6db3ec;--good:#5fc27f}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}main{max-width:62rem;margin:0 auto;padding:2rem 1rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .6rem}.soft{color:var(--soft)}
.top{display:flex;gap:2rem;flex-wrap:wrap;align-items:center}.top svg{flex:none}
table{border-collapse:collapse;width:100%}td,th{padding:.3rem .6rem .3rem 0;text-align:left;
border-bottom:1px solid var(--line);white-space:nowrap}td.bar{width:60%}
details{background:var(--card);border:1px solid var(--line);border-left:.35rem solid;
border-radius:.4rem;margin:.6rem 0;padding:.6rem .9rem}summary{cursor:pointer}
summary b{font-weight:600}ul{padding-left:1.2rem}code{font-size:.9em;overflow-wrap:anywhere}
.critical{border-left-color:var(--critical)}.high{border-left-color:var(--high)}
.medium{border-left-color:var(--medium)}.low{border-left-color:var(--low)}
.info{border-left-color:var(--info)}.tag{font-size:.8rem;text-transform:uppercase;
letter-spacing:.04em}.wide{overflow-x:auto}
)";

std::string colour_of(std::size_t severity) {
  return fmt::format("var(--{})", name(Severity(severity)));
}

// The grade inside a ring that is full at 100 points.
std::string ring(const Grade& all) {
  constexpr double kRound = 2 * 3.14159265 * 52;
  const std::string_view colour = all.letter <= 'B'   ? "var(--good)"
                                  : all.letter == 'C' ? "var(--medium)"
                                                      : "var(--critical)";
  return fmt::format(
      R"svg(<svg width="140" height="140" viewBox="0 0 140 140" role="img" aria-label="grade {0}, {1} of 100 points">
<circle cx="70" cy="70" r="52" fill="none" stroke="var(--line)" stroke-width="14"/>
<circle cx="70" cy="70" r="52" fill="none" stroke="{2}" stroke-width="14" stroke-dasharray="{3:.1f} {4:.1f}" transform="rotate(-90 70 70)"/>
<text x="70" y="84" text-anchor="middle" font-size="42" font-weight="700" fill="currentColor">{0}</text>
</svg>)svg",
      all.letter, all.points, colour, kRound * all.points / 100, kRound);
}

// One bar, a piece a severity, `unit` of its width a finding.
std::string bar(const std::array<std::size_t, 5>& counts, double unit) {
  std::string pieces;
  double x = 0;
  for (std::size_t i = counts.size(); i-- > 0;) {
    if (counts[i] == 0) continue;
    const double width = unit * static_cast<double>(counts[i]);
    pieces += fmt::format(
        R"(<rect x="{:.2f}" width="{:.2f}" height="14" fill="{}"><title>{} {}</title></rect>)", x,
        width, colour_of(i), counts[i], name(Severity(i)));
    x += width;
  }
  return fmt::format(
      R"(<svg width="100%" height="14" viewBox="0 0 100 14" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>)",
      in_words(counts), pieces);
}

std::size_t total(const std::array<std::size_t, 5>& counts) {
  std::size_t sum = 0;
  for (const std::size_t count : counts) sum += count;
  return sum;
}

std::string areas(const Report& report) {
  const auto grades = report.grades();
  std::size_t most = 1;
  for (const Grade& grade : grades) most = std::max(most, total(grade.counts));
  std::string rows;
  for (const Grade& grade : grades) {
    rows +=
        fmt::format("<tr><th>{}</th><td><b>{}</b></td><td class=\"bar\">{}</td><td>{}</td></tr>\n",
                    grade.family->title, grade.letter,
                    bar(grade.counts, 100.0 / static_cast<double>(most)), total(grade.counts));
  }
  return "<h2>Areas</h2><div class=\"wide\"><table>\n" + rows + "</table></div>\n";
}

std::string group_html(const Group& group) {
  const bool same = same_remedy(group);
  std::string items;
  for (const Finding& finding : group.findings) {
    items += fmt::format("<li><code>{}</code><br>{}{}</li>\n", markup_text(where(finding.place)),
                         markup_text(finding.message),
                         same ? "" : "<br><b>Mend:</b> " + markup_text(finding.remedy()));
  }
  return fmt::format(
      "<details class=\"{0}\"{1}><summary><span class=\"tag\" "
      "style=\"color:var(--{0})\">{0}</span> "
      "<b>{2}</b> <span class=\"soft\">{3}, {4}</span></summary>\n<p>{5}</p><ul>\n{6}</ul>{7}"
      "</details>\n",
      name(group.severity), group.severity >= Severity::high ? " open" : "",
      markup_text(group.rule->title), group.rule->id, group.findings.size(),
      markup_text(group.rule->why), items,
      same ? fmt::format("<p><b>Mend:</b> {}</p>\n", markup_text(group.findings.front().remedy()))
           : "");
}

std::string set_aside(const Report& report) {
  if (report.set_aside.empty()) return "";
  std::string items;
  for (const SetAside& aside : report.set_aside) {
    items += fmt::format("<li>{} <code>{}</code> <span class=\"soft\">{}{}</span></li>\n",
                         aside.finding.rule->id, markup_text(where(aside.finding.place)), aside.by,
                         aside.reason.empty() ? "" : ": " + markup_text(aside.reason));
  }
  return "<h2>Set aside</h2><ul>\n" + items + "</ul>\n";
}

}  // namespace

std::string html_report(const Report& report) {
  const Grade all = report.overall();
  std::string groups;
  for (const Group& group : groups_of(report)) groups += group_html(group);
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\">\n<title>Audit of {0}</title><style>{1}</style></head><body><main>\n"
      "<div class=\"top\">{2}<div><h1>Audit of {0}</h1><p>{3} of 100 points: {4}</p>"
      "<p class=\"soft\">{5} service{6}, {7} "
      "file{8}</p></div></div>\n{9}<h2>Findings</h2>\n{10}{11}"
      "</main></body></html>\n",
      markup_text(report.stack), kStyle, ring(all), all.points, in_words(all.counts),
      report.services, report.services == 1 ? "" : "s", report.files.size(),
      report.files.size() == 1 ? "" : "s", areas(report),
      groups.empty() ? "<p>Nothing was found.</p>\n" : groups, set_aside(report));
}

}  // namespace selvage::audit
