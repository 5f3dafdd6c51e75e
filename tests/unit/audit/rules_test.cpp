// Every rule has a stack that has it and one that has not, in tests/stacks/rules/<id>/. In the bad
// one, lines that end with "# here" are those of the findings.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "audit/audit.hpp"

namespace selvage::audit {

namespace {

namespace fs = std::filesystem;

const fs::path kStacks = fs::path(SELVAGE_SOURCE_DIR) / "tests/stacks/rules";
constexpr std::chrono::year_month_day kToday{std::chrono::year(2026), std::chrono::June,
                                             std::chrono::day(1)};

Policy policy_of(const fs::path& folder) {
  if (!fs::exists(folder / ".selvage.yaml")) return {};
  const auto text = stack::Text::read(folder / ".selvage.yaml");
  REQUIRE(text);
  auto policy = Policy::parse(*text);
  REQUIRE_MESSAGE(policy, policy.error().describe());
  return *policy;
}

Report report_of(const fs::path& folder) {
  Policy policy = policy_of(folder);
  const Question question{policy, {}, kToday, {}};
  auto project =
      stack::load_project({.directory = folder, .placeholders = true, .contradictions = true});
  if (!project) {
    auto report = refused(project.error(), question);
    REQUIRE_MESSAGE(report, project.error().describe());
    return *report;
  }
  auto stack = stack_of(*std::move(project), policy.choices);
  REQUIRE_MESSAGE(stack, stack.error().describe());
  return audit(*stack, question);
}

using Lines = std::set<std::pair<std::string, std::size_t>>;

// File names and lines of what the rule found.
Lines found(const Report& report, const Rule& rule) {
  Lines lines;
  for (const Finding& finding : report.findings) {
    if (finding.rule != &rule) continue;
    CHECK_FALSE(finding.message.empty());
    CHECK_FALSE(finding.remedy().empty());
    CHECK_FALSE(finding.place.file.empty());
    CHECK_FALSE(finding.subject.empty());
    CHECK(finding.fingerprint.size() == 16);
    lines.emplace(fs::path(finding.place.file).filename().string(), finding.place.line);
  }
  return lines;
}

Lines marked(const fs::path& folder) {
  Lines lines;
  for (const auto& file : fs::recursive_directory_iterator(folder)) {
    if (!file.is_regular_file()) continue;
    std::ifstream stream(file.path());
    std::string line;
    for (std::size_t number = 1; std::getline(stream, line); ++number) {
      if (line.find("# here") != line.npos) lines.emplace(file.path().filename().string(), number);
    }
  }
  return lines;
}

std::string text_of(const Lines& lines) {
  std::string text;
  for (const auto& [file, line] : lines) text += fmt::format(" {}:{}", file, line);
  return text;
}

}  // namespace

namespace {

// Git keeps no modes: whoever checked the tree out had a mask of his own.
void open_to_all(const fs::path& folder) {
  std::error_code ignored;  // where that is not possible the modes may be right
  for (const auto& file : fs::directory_iterator(folder)) {
    if (file.is_regular_file()) fs::permissions(file.path(), fs::perms(0644), ignored);
  }
}

}  // namespace

TEST_CASE("every rule finds its bad stack, at the lines that are wrong, and not its good one") {
  for (const Rule* rule : all_rules()) {
    CAPTURE(rule->id);
    const fs::path folder = kStacks / rule->id;
    REQUIRE_MESSAGE(fs::exists(folder / "bad"), "write a stack that has it");
    REQUIRE_MESSAGE(fs::exists(folder / "good"), "write a stack that does not have it");
    open_to_all(folder / "bad");
    const Lines bad = found(report_of(folder / "bad"), *rule);
    const Lines here = marked(folder / "bad");
    CHECK_MESSAGE(!bad.empty(), "nothing was found in the bad stack");
    if (!here.empty()) CHECK_MESSAGE(bad == here, "found", text_of(bad), " marked", text_of(here));
    const Lines good = found(report_of(folder / "good"), *rule);
    CHECK_MESSAGE(good.empty(), "found in the good stack:", text_of(good));
  }
}

TEST_CASE("every folder of stacks belongs to a rule") {
  for (const auto& folder : fs::directory_iterator(kStacks)) {
    CHECK_MESSAGE(find_rule(folder.path().filename().string()) != nullptr, folder.path().string());
  }
}

TEST_CASE("a rule's row is complete, and its id is used once") {
  std::set<std::string_view> ids;
  for (const Rule* rule : all_rules()) {
    CAPTURE(rule->id);
    CHECK(ids.insert(rule->id).second);
    for (const std::string_view text :
         {rule->title, rule->why, rule->how, rule->source, rule->bad, rule->good}) {
      CHECK_FALSE(text.empty());
    }
    CHECK_FALSE(rule->title.ends_with('.'));
    CHECK(rule->why.ends_with('.'));
    CHECK(rule->bad != rule->good);
  }
}

}  // namespace selvage::audit
