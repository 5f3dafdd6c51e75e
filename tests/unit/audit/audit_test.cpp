#include "audit/audit.hpp"

#include "unit/audit/fixture.hpp"

namespace selvage::audit {

namespace {

constexpr std::string_view kOpenDatabase = R"(services:
  db:
    image: postgres:17.2
    ports:
      - "5432:5432"
)";

std::vector<std::string> ids(const std::vector<Finding>& findings) {
  std::vector<std::string> all;
  for (const Finding& finding : findings) all.emplace_back(finding.rule->id);
  return all;
}

using Ids = std::vector<std::string>;
const std::set<std::string, std::less<>> kOne = {"net-datastore-public"};

}  // namespace

TEST_CASE("a finding's fingerprint survives moved lines and not another port") {
  const Report before = StackFolder(kOpenDatabase).report({}, {}, kOne);
  REQUIRE(before.findings.size() == 1);
  CHECK(before.findings[0].place.line == 5);
  StackFolder folder(kOpenDatabase);
  const std::string first = folder.report({}, {}, kOne).findings[0].fingerprint;
  folder.write("compose.yaml", "# moved\n\n" + std::string(kOpenDatabase));
  const Report moved = folder.report({}, {}, kOne);
  CHECK(moved.findings[0].place.line == 7);
  CHECK(moved.findings[0].fingerprint == first);
  folder.write("compose.yaml", "services: {db: {image: 'postgres:17.2', ports: ['5433:5432']}}\n");
  CHECK(folder.report({}, {}, kOne).findings[0].fingerprint != first);
}

TEST_CASE("findings that agree in everything still have fingerprints of their own") {
  std::vector<Finding> findings(2);
  for (Finding& finding : findings) {
    finding.rule = find_rule("net-flat");
    finding.place.file = "compose.yaml";
    finding.subject = "services.db";
  }
  give_fingerprints(findings);
  CHECK(findings[0].fingerprint != findings[1].fingerprint);
}

TEST_CASE("a baseline leaves out what it knows and lets the new through") {
  StackFolder folder(kOpenDatabase);
  const Report first = folder.report();
  const auto baseline = Baseline::parse(baseline_of(first.findings));
  REQUIRE_MESSAGE(baseline, baseline.error().describe());
  CHECK(folder.report({}, *baseline).findings.empty());
  CHECK(folder.report({}, *baseline).set_aside.size() == first.findings.size());
  folder.write("compose.yaml", std::string(kOpenDatabase) + "    privileged: true\n");
  const Report second = folder.report({}, *baseline);
  CHECK(ids(second.findings) == Ids{"hard-privileged"});
}

TEST_CASE("a baseline of something else is refused") {
  for (const std::string_view text :
       {"", "[]", "{}", R"({"version":2,"findings":[]})", R"({"version":1,"findings":[{}]})",
        R"({"version":1,"findings":[7]})", R"({"version":1,"findings":{}})"}) {
    CAPTURE(text);
    const auto baseline = Baseline::parse(text);
    REQUIRE_FALSE(baseline);
    CHECK(baseline.error().code == "baseline.invalid");
  }
  CHECK(Baseline::parse(baseline_of({})));
}

TEST_CASE("a comment with a reason sets the findings of its line aside, and of no other") {
  StackFolder folder(R"(services:
  db:
    image: postgres:17.2
    ports:
      - "5432:5432"  # selvage: ignore net-datastore-public the network is closed
      # selvage: ignore net-datastore-public,net-random-port for the replica

      # another comment between
      - "5433:5432"
      - "5434:5432"
)");
  const Report report = folder.report({}, {}, kOne);
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings[0].place.line == 10);
  REQUIRE(report.set_aside.size() == 2);
  CHECK(report.set_aside[0].by == "comment");
  CHECK(report.set_aside[0].reason == "the network is closed");
  CHECK(report.set_aside[1].reason == "for the replica");
}

TEST_CASE("a comment about a rule that did not look is not called unused") {
  StackFolder folder(
      "services:\n  db:\n    image: postgres:17.2 # selvage: ignore img-eol it is new\n");
  CHECK(ids(folder.report({}, {}, {"aud-ignore-unused", "net-flat"}).findings).empty());
  CHECK(ids(folder.report({}, {}, {"aud", "img"}).findings) ==
        Ids{"img-no-digest", "aud-ignore-unused"});
}

TEST_CASE("what is no comment of ours is none") {
  StackFolder folder(R"(services:
  db:
    image: postgres:17.2
    ports: ["5432:5432"]  # selvage ignore net-datastore-public without the colon
    labels: ["a#selvage: ignore net-datastore-public in a text"]
)");
  CHECK(folder.report({}, {}, kOne).findings.size() == 1);
}

TEST_CASE("a waiver needs its service, and tells when it has ended or fits nothing") {
  StackFolder folder(kOpenDatabase);
  const auto with = [&](std::string_view service, std::string_view until) {
    const Policy policy =
        policy_of(fmt::format("audit:\n  waivers:\n    - {{rule: net-datastore-public, service: "
                              "{}, reason: the firewall, "
                              "until: {}}}\n",
                              service, until));
    return folder.report(policy, {}, {"net-datastore-public", "aud"});
  };
  CHECK(with("db", "2026-06-01").findings.empty());
  CHECK(with("db", "2026-06-01").set_aside[0].reason == "the firewall, until 2026-06-01");
  CHECK(with("\"*\"", "2026-06-02").findings.empty());
  CHECK(ids(with("db", "2026-05-31").findings) ==
        Ids{"net-datastore-public", "aud-waiver-expired"});
  CHECK(ids(with("api", "2026-06-01").findings) ==
        Ids{"net-datastore-public", "aud-waiver-unused"});
}

TEST_CASE("findings come worst first and in one order") {
  StackFolder folder(kOpenDatabase);
  const Report report = folder.report();
  for (std::size_t i = 1; i < report.findings.size(); ++i) {
    CHECK(report.findings[i - 1].severity >= report.findings[i].severity);
  }
  const Report again = folder.report();
  CHECK(ids(report.findings) == ids(again.findings));
}

TEST_CASE("a stack that Compose refuses is one finding at its place") {
  StackFolder folder("services:\n  api:\n    imagee: acme/api\n");
  const auto project = stack::load_project({.directory = folder.path(), .placeholders = true});
  REQUIRE_FALSE(project);
  const auto report = refused(project.error(), {{}, {}, {}, {}});
  REQUIRE(report);
  REQUIRE(report->findings.size() == 1);
  CHECK(report->findings[0].rule->id == "cmp-parse");
  CHECK(report->findings[0].place.line == 3);
  CHECK(report->findings[0].place.file.ends_with("compose.yaml"));
  CHECK(report->overall().letter == 'F');
  CHECK_FALSE(refused(Error{.code = "stack.file"}, {{}, {}, {}, {}}));
}

TEST_CASE("a stack that contradicts itself is looked at by all rules, too") {
  StackFolder folder(R"(services:
  api:
    image: acme/api:latest
    networks: [nowhere]
    depends_on: [db, ghost]
    container_name: api
    deploy: {replicas: 2}
  db:
    image: postgres:16
    ports: ["5432:5432"]
    depends_on: [api]
)");
  const auto project = stack::load_project(
      {.directory = folder.path(), .placeholders = true, .contradictions = true});
  REQUIRE_MESSAGE(project, project.error().describe());
  const auto stack = stack_of(*project, {});
  REQUIRE(stack);
  const Ids found = ids(audit(*stack, {{}, {}, {}, {}}).findings);
  for (const char* rule : {"cmp-undefined-ref", "cmp-conflict", "cmp-cycle", "img-mutable-tag",
                           "net-datastore-public"}) {
    CHECK_MESSAGE(std::ranges::find(found, rule) != found.end(), rule);
  }
}

TEST_CASE("what services share by an anchor is told once, and a baseline knows each") {
  StackFolder folder(R"(x-base: &base
  image: acme/api:1.4
  privileged: true
services:
  api: {<<: *base}
  worker: {<<: *base}
  beat: {<<: *base}
)");
  const Report report = folder.report({}, {}, {"hard-privileged"});
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings[0].place.line == 3);
  CHECK(report.findings[0].twins.size() == 2);
  CHECK(report.findings[0].message.contains("2 other services"));
  const auto baseline = Baseline::parse(baseline_of(report.findings));
  REQUIRE(baseline);
  CHECK(folder.report({}, *baseline, {"hard-privileged"}).findings.empty());
}

TEST_CASE("grades: one critical finding leaves no better than a D") {
  const Report open = StackFolder(kOpenDatabase).report({}, {}, kOne);
  CHECK(open.overall().letter == 'D');
  const Report nothing = StackFolder(kOpenDatabase).report({}, {}, {"net-host-mode"});
  CHECK(nothing.overall().letter == 'A');
  CHECK(nothing.overall().points == 100);
  CHECK(in_words(nothing.counts()) == "no findings");
  CHECK(in_words(open.counts()) == "1 critical");
}

}  // namespace selvage::audit
