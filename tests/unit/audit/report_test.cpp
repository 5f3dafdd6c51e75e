#include "audit/report.hpp"

#include <boost/json.hpp>

#include "audit/report/markup.hpp"
#include "audit/rule_pages.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "unit/audit/fixture.hpp"

namespace selvage::audit {

namespace {

constexpr std::string_view kHostile = "a\x1b[31m</td><script>alert(1)</script>|`x`]]>%0A\x07\xff";

Report hostile_report() {
  Report report{.stack = std::string(kHostile), .services = 1};
  report.files = {std::string(kHostile)};
  Finding finding;
  finding.rule = find_rule("net-flat");
  finding.severity = Severity::high;
  finding.place = {std::string(kHostile), 3, 5, 3, 9};
  finding.message = kHostile;
  finding.how = kHostile;
  finding.subject = kHostile;
  report.findings = {finding};
  report.set_aside = {{finding, "waiver", std::string(kHostile)}};
  give_fingerprints(report.findings);
  return report;
}

std::vector<std::string> all_formats(const Report& report) {
  std::vector<std::string> texts;
  for (const std::string_view word : split(kFormats, '|')) {
    texts.push_back(write_report(report, *parse_format(word), {}));
  }
  return texts;
}

}  // namespace

TEST_CASE("text of a stack's files can do no harm in any format") {
  const Report report = hostile_report();
  for (const std::string& text : all_formats(report)) {
    CHECK(is_valid_utf8(text));
    CHECK_FALSE(text.contains('\x1b'));
    CHECK_FALSE(text.contains('\x07'));
  }
  for (const std::string& text :
       {html_report(report), junit_report(report), markdown_report(report)}) {
    CHECK_FALSE(text.contains("<script>"));
  }
  // one finding, one command: nothing of it begins a second one
  const std::string github = github_report(report);
  CHECK(std::ranges::count(github, '\n') == 1);
  CHECK(github.starts_with("::error file="));
}

TEST_CASE("JSON and SARIF hold every finding with rule, place and fingerprint") {
  const Report report = hostile_report();
  const auto parsed = json::parse(json_report(report));
  REQUIRE_MESSAGE(parsed, parsed.error().message);
  const auto& finding = parsed->at("findings").at(0);
  CHECK(finding.at("rule") == "net-flat");
  CHECK(finding.at("line") == 3);
  CHECK(finding.at("severity") == "high");
  const auto sarif = json::parse(sarif_report(report));
  REQUIRE_MESSAGE(sarif, sarif.error().message);
  const auto& run = sarif->at("runs").at(0);
  const auto& result = run.at("results").at(0);
  const auto index = result.at("ruleIndex").to_number<std::size_t>();
  CHECK(run.at("tool").at("driver").at("rules").at(index).at("id") == "net-flat");
  CHECK(result.at("partialFingerprints").at("selvageFingerprint/v1").get_string().size() == 16);
  CHECK(run.at("results").at(1).at("suppressions").at(0).at("kind") == "external");
}

TEST_CASE("the terminal report stays within 80 columns, but for places and long words") {
  StackFolder folder(
      "services:\n  db:\n    image: postgres:17.2\n    ports: ['5432:5432']\n    privileged: "
      "true\n");
  Report report = folder.report();
  for (Finding& finding : report.findings) finding.place.file = "compose.yaml";
  const std::string text = text_report(report, {});
  for (const std::string_view line : split(text, '\n')) {
    if (line.size() > 80) CHECK_MESSAGE(!trim(line).contains(' '), line);
  }
  const std::string last = text_report(report, {.summary_only = true});
  CHECK(std::ranges::count(last, '\n') == 1);
  CHECK(text.ends_with(last));
  CHECK(text_report(report, {.colour = true}).contains("\033["));
}

TEST_CASE("an HTML report needs nothing from elsewhere and runs nothing") {
  const std::string page = html_report(StackFolder("services: {a: {image: b}}\n").report());
  for (const std::string_view word :
       {"<script", "http://", "https://", "<link", "<img", "@import"}) {
    CAPTURE(word);
    CHECK_FALSE(page.contains(word));
  }
  CHECK(page.contains("default-src 'none'"));
  CHECK(page.contains("<svg"));
}

TEST_CASE("no report shows a secret") {
  StackFolder folder(R"(services:
  api:
    image: acme/api:1.4
    environment:
      DB_PASSWORD: hunter2hunter2
      API_TOKEN: ${API_TOKEN:-fallback-in-the-file}
      JWT_SECRET: ${JWT_SECRET}
      OTHER_SECRET: ${OTHER_SECRET:?}
      DATABASE_URL: postgres://app:open-sesame@db.example.com/app
    command: redis-server --requirepass correct-horse
    build:
      args: {NPM_TOKEN: battery-staple}
)");
  folder.write(".env", "JWT_SECRET=summer2024\nOTHER_SECRET=summer2024\n");
  const Report report = folder.report();
  std::set<std::string_view> rules;
  for (const Finding& finding : report.findings) rules.insert(finding.rule->id);
  for (const std::string_view id :
       {"sec-literal-env", "sec-literal-elsewhere", "sec-connection-string", "sec-weak",
        "sec-shared", "env-insecure-default", "env-no-fail-fast"}) {
    CHECK_MESSAGE(rules.contains(id), id);
  }
  auto texts = all_formats(report);
  texts.push_back(baseline_of(report.findings));
  for (const std::string& text : texts) {
    for (const std::string_view secret : {"hunter2", "fallback-in", "summer2024", "open-sesame",
                                          "correct-horse", "battery-staple"}) {
      CHECK_FALSE_MESSAGE(text.contains(secret), secret);
    }
  }
}

TEST_CASE("markup keeps what is harmless") {
  CHECK(markup_text("a\tb\nc \xC3\xA4") == "a\tb\nc \xC3\xA4");
  CHECK(markup_text("<a href=\"x\">&'") == "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
  CHECK(markdown_text("a|b\nc`d`") == "a\\|b c\\`d\\`");
}

TEST_CASE("every rule can be explained, and the reference holds it") {
  const std::string reference = rules_reference();
  for (const Rule* rule : all_rules()) {
    CAPTURE(rule->id);
    CHECK(reference.contains(fmt::format("### {}\n", rule->id)));
    const std::string text = explain(*rule);
    CHECK(text.starts_with(rule->id));
    CHECK(text.contains("Not found in"));
  }
  CHECK(find_rule("net-nothing") == nullptr);
}

}  // namespace selvage::audit
