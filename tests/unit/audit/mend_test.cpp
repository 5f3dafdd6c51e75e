#include "audit/mend.hpp"

#include "unit/audit/fixture.hpp"

namespace selvage::audit {

namespace {

namespace fs = std::filesystem;

const fs::path kStacks = fs::path(SELVAGE_SOURCE_DIR) / "tests/stacks/rules";

Result<Stack> read(const fs::path& folder) {
  auto project = TRY(stack::load_project({.directory = folder, .placeholders = true}));
  return stack_of(std::move(project), {});
}

std::vector<Finding> findings_of(const Stack& stack, std::string_view rule) {
  const std::chrono::year_month_day today{std::chrono::year(2026), std::chrono::June,
                                          std::chrono::day(1)};
  return audit(stack, {{}, {}, today, {std::string(rule)}}).findings;
}

// A copy of a folder that is gone afterwards.
class Copy {
 public:
  explicit Copy(const fs::path& folder) { fs::copy(folder, path, fs::copy_options::recursive); }
  ~Copy() { fs::remove_all(path); }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;

  void write(const Mending& mending) const {
    for (const MendedFile& file : mending.files) {
      std::ofstream(file.path, std::ios::binary) << file.after;
    }
  }
  const fs::path path = fs::temp_directory_path() / ("selvage-mend-" + new_uuid());
};

std::string mended(std::string_view compose, std::string_view rule,
                   FixKind most = FixKind::behaviour) {
  StackFolder folder(compose);
  auto stack = read(folder.path());
  REQUIRE_MESSAGE(stack, stack.error().describe());
  const auto findings = findings_of(*stack, rule);
  const Mending mending = mend(*stack, findings, most);
  return mending.files.empty() ? "" : mending.files[0].after;
}

}  // namespace

TEST_CASE("what a mend claims to end is ended, in a stack that Compose still reads") {
  std::set<std::string_view> rules_with_edits;
  for (const Rule* rule : all_rules()) {
    if (rule->look == nullptr) continue;
    CAPTURE(rule->id);
    const Copy copy(kStacks / rule->id / "bad");
    auto stack = read(copy.path);
    if (!stack) continue;  // a stack that cannot be read is not mended
    const auto findings = findings_of(*stack, rule->id);
    std::size_t without = 0;
    for (const Finding& finding : findings) without += finding.changes.empty() ? 1 : 0;
    const Mending mending = mend(*stack, findings, FixKind::behaviour);
    for (const auto& refusal : mending.refused) CHECK_MESSAGE(false, refusal.reason);
    if (mending.mended == 0) continue;
    rules_with_edits.insert(rule->id);
    CHECK(rule->fix != FixKind::none);
    copy.write(mending);
    auto after = read(copy.path);
    REQUIRE_MESSAGE(after, after.error().describe());
    const auto left = findings_of(*after, rule->id);
    CHECK(left.size() == without);
    // a second mending finds nothing to do
    CHECK(mend(*after, left, FixKind::behaviour).files.empty());
  }
  CHECK(rules_with_edits.size() >= 20);
  CHECK(rules_with_edits.contains("rel-depends-condition"));
  CHECK(rules_with_edits.contains("net-public-bind"));
}

TEST_CASE("a mend keeps comments, anchors and variables byte for byte") {
  CHECK(mended(R"(# the shop
services:
  api:   # main
    image: acme/api:${V:-1}   # pinned
    labels: &labels {a: b}

  web:
    labels: *labels
    image: "acme/web:1"
)",
               "rel-restart") == R"(# the shop
services:
  api:   # main
    image: acme/api:${V:-1}   # pinned
    labels: &labels {a: b}
    restart: unless-stopped

  web:
    labels: *labels
    image: "acme/web:1"
    restart: unless-stopped
)");
}

TEST_CASE("of two edits of one value the worse finding's counts, and the other is refused") {
  StackFolder folder("services:\n  api:\n    image: acme/api:1\n    ports:\n      - 2222:22\n");
  auto stack = read(folder.path());
  REQUIRE(stack);
  const Report report = folder.report({}, {}, {"net-public-bind", "cmp-port-unquoted"});
  REQUIRE(report.findings.size() == 2);
  const Mending mending = mend(*stack, report.findings, FixKind::behaviour);
  REQUIRE(mending.files.size() == 1);
  CHECK(mending.files[0].after.contains("- \"127.0.0.1:2222:22\""));
  REQUIRE(mending.refused.size() == 1);
  CHECK(mending.refused[0].finding->rule->id == "cmp-port-unquoted");
}

TEST_CASE("a secret's fallback goes, whatever stands around it") {
  const std::string text = mended(R"(services:
  api:
    image: acme/api:1
    environment:
      URL: "postgres://app:${DB_PASSWORD:-app}@db/${DB_NAME:-app}"
      KEPT: ${DB_PASSWORD:+yes}
      AGAIN: ${DB_PASSWORD:-app}  # the same
)",
                                  "env-insecure-default");
  CHECK(text.contains("app:${DB_PASSWORD:?set it}@db/${DB_NAME:-app}\""));
  CHECK(text.contains("AGAIN: ${DB_PASSWORD:?set it}  # the same"));
  CHECK(text.contains("${DB_PASSWORD:+yes}"));
}

TEST_CASE("safe mends leave alone what changes behaviour") {
  constexpr std::string_view kOpen =
      "services:\n  db:\n    image: postgres:17.2\n    ports:\n      - \"5432:5432\"  # all\n";
  CHECK(mended(kOpen, "net-datastore-public", FixKind::safe).empty());
  CHECK(mended(kOpen, "net-datastore-public").contains("- \"127.0.0.1:5432:5432\"  # all\n"));
}

TEST_CASE("what services share by an anchor is not changed for one of them") {
  StackFolder folder(R"(x-base: &base
  restart: "no"
services:
  api: {<<: *base, image: "acme/api:1"}
  web: {<<: *base, image: "acme/web:1"}
)");
  auto stack = read(folder.path());
  REQUIRE(stack);
  const auto findings = findings_of(*stack, "rel-restart");
  REQUIRE(findings.size() == 1);
  const Mending mending = mend(*stack, findings, FixKind::safe);
  // either for both, which is what was found, or not at all
  for (const MendedFile& file : mending.files) {
    CHECK(file.after.contains("restart: unless-stopped\nservices:"));
  }
}

TEST_CASE("volumes of several data stores go under one key") {
  const std::string text =
      mended("services:\n  a:\n    image: postgres:17.2\n  b:\n    image: mysql:8.4.3\n",
             "data-no-volume");
  CHECK(text.contains("a-data:/var/lib/postgresql/data"));
  CHECK(text.contains("b-data:/var/lib/mysql"));
  CHECK(text.find("\nvolumes:") == text.rfind("\nvolumes:"));
}

TEST_CASE("a diff shows what changes with three lines around") {
  const MendedFile file{"compose.yaml", "", "1\n2\n3\n4\n5\n6\n7\n8\n9\n",
                        "1\n2\n3\n4\n5\nx\n7\n8\n9\ny\n"};
  CHECK(unified_diff(file) == R"(--- compose.yaml
+++ compose.yaml
@@ -3,7 +3,8 @@
 3
 4
 5
-6
+x
 7
 8
 9
+y
)");
  CHECK(unified_diff({"a", "", "1\n", "1\n2\n"}) == "--- a\n+++ a\n@@ -1,1 +1,2 @@\n 1\n+2\n");
}

}  // namespace selvage::audit
