#include "audit/policy.hpp"

#include "base/text.hpp"
#include "unit/audit/fixture.hpp"

namespace selvage::audit {

namespace {

std::string refusal(std::string_view text) {
  const auto policy =
      Policy::parse(std::make_shared<stack::Text>(".selvage.yaml", std::string(text)));
  return policy ? "" : policy.error().message;
}

}  // namespace

TEST_CASE("an empty policy changes nothing") {
  const Policy policy = policy_of("");
  CHECK(policy.wants(*find_rule("net-flat")));
  CHECK(policy.severity_of(*find_rule("net-flat")) == Severity::medium);
  CHECK(policy_of("audit:\n").waivers.empty());
}

TEST_CASE("a rule's own switch counts more than its family's") {
  const Policy policy = policy_of(R"(audit:
  families: {net: off, hard: false}
  rules: {net-flat: on, net-default: high, img-eol: off, hard-init: true}
)");
  CHECK(policy.wants(*find_rule("net-flat")));
  CHECK(policy.wants(*find_rule("net-default")));
  CHECK(policy.severity_of(*find_rule("net-default")) == Severity::high);
  CHECK_FALSE(policy.wants(*find_rule("net-public-bind")));
  CHECK_FALSE(policy.wants(*find_rule("img-eol")));
  CHECK(policy.wants(*find_rule("hard-init")));
  CHECK_FALSE(policy.wants(*find_rule("hard-tty")));
}

TEST_CASE("choices are read, and what is not chosen keeps its default") {
  const Choices choices = policy_of(R"(audit:
  choices:
    secrets: files
    restart: on-failure
    registries: [ghcr.io/acme]
    edge: [gateway]
    public_ports: [80, 443, 25]
)")
                              .choices;
  CHECK(choices.secrets == SecretsIn::files);
  CHECK(choices.restart == "on-failure");
  CHECK(choices.edge == std::vector<std::string>{"gateway"});
  CHECK(choices.public_ports == std::vector<int>{80, 443, 25});
  CHECK(Choices{}.public_ports == std::vector<int>{80, 443});
}

TEST_CASE("every problem of a policy is told at once, with its place") {
  const std::string message = refusal(R"(audit:
  families: {nett: off, net: perhaps}
  rules: {net-flatt: off, net-flat: terrible}
  choices: {secrets: vault, public_ports: [0, x], colour: red}
  waivers:
    - {rule: net-flat, service: db}
    - {rule: net-flatt, service: db, reason: why, until: 2026-02-30}
  waiver: []
other: 1
)");
  for (const std::string_view part :
       {".selvage.yaml:2:14: \"nett\" is not known", "a family is on or off", "\"net-flatt\"",
        "a rule is on, off", "secrets is env or files", "from 1 to 65535", "\"colour\"",
        "the waiver has no reason", "the waiver has no until", "until is a date", "\"waiver\"",
        ".selvage.yaml:9:1: \"other\""}) {
    CAPTURE(part);
    CHECK_MESSAGE(message.contains(part), message);
  }
}

TEST_CASE("a policy of another shape is refused, not ignored") {
  for (const std::string_view text : {"- a\n", "audit: 7\n", "audit: {waivers: {}}\n",
                                      "audit: {rules: [net-flat]}\n", "a: 1\n---\nb: 2\n", "{"}) {
    CAPTURE(text);
    CHECK_FALSE(refusal(text).empty());
  }
}

}  // namespace selvage::audit
